"""SIGINT and SIGTERM, heard from a command's first moment to its last.

At first a signal breaks off what is under way, as Ctrl-C does anywhere in Python: nothing has been
bought yet. From `hold` on nothing is broken off any more: signals are counted, and whoever listens
is told, so that what was bought is fetched, written down and told. The system's own way of ending
a process, which loses all of that, is in force at no time.
"""

from __future__ import annotations

import contextlib
import signal
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import FrameType

    from vidi.errors import StoppedError

EXIT_CODES = {signal.SIGINT: 130, signal.SIGTERM: 143}
"""Each signal that stops a command, and the exit code that says so."""


class Signals:
    """What this process has heard. Only its main thread can hear."""

    def __init__(self) -> None:
        self.count = 0
        self.exit_code = 0
        """The exit code of the first signal; 0 where none came."""
        self.listener: Callable[[], None] | None = None
        """Called at each signal, between any two steps of the main thread."""
        self._hearing = False
        self._breaks = False

    def begin(self) -> None:
        """Hear from here on, and do no more than count."""
        self.count, self.exit_code, self.listener = 0, 0, None
        self._hearing, self._breaks = True, False
        self._unraisable = sys.unraisablehook
        sys.unraisablehook = self._hear_unraisable
        for number in EXIT_CODES:
            _handle(number, self._hear)

    def end(self) -> None:
        """Hear nothing any more: the process is ending, and its exit code is said."""
        for number in EXIT_CODES:
            _handle(number, signal.SIG_IGN)

    @contextlib.contextmanager
    def hearing(self) -> Iterator[None]:
        """Hear while the block runs; where it has begun before, it goes on after the block."""
        if self._hearing:
            yield
            return
        handlers = {number: signal.getsignal(number) for number in EXIT_CODES}
        self.begin()
        try:
            yield
        finally:
            self._hearing = False
            sys.unraisablehook = self._unraisable
            for number, handler in handlers.items():
                _handle(number, handler)

    def break_off(self) -> None:
        """Let the first signal break off whatever is under way.

        Raises:
            KeyboardInterrupt: One has come already.
        """
        if self.count:
            raise KeyboardInterrupt
        self._breaks = True

    def hold(self) -> None:
        """Let no signal break anything off from here on."""
        self._breaks = False

    def describe(self, message: str) -> StoppedError:
        """An error that says so, with the exit code of the first signal."""
        from vidi.errors import StoppedError, TerminatedError

        kind = TerminatedError if self.exit_code == TerminatedError.exit_code else StoppedError
        return kind(message)

    def hear(self, number: int) -> None:
        """Hear of a signal that the process has heard elsewhere, as a notebook's kernel does."""
        self._hear(number, None)

    def _hear(self, number: int, _frame: FrameType | None) -> None:
        self.count += 1
        self.exit_code = self.exit_code or EXIT_CODES[signal.Signals(number)]
        if self._breaks:
            self._breaks = False  # once: what it breaks off is to end in order
            raise KeyboardInterrupt
        if self.listener is not None:
            self.listener()

    def _hear_unraisable(self, unraisable: sys.UnraisableHookArgs) -> None:
        """Where nothing can be broken off, as in a destructor, let the next signal do it."""
        if issubclass(unraisable.exc_type, KeyboardInterrupt):
            self._breaks = True
        else:
            self._unraisable(unraisable)


received_signals = Signals()
"""What this process has heard: its handlers are one for all of it, and so is this."""


def _handle(number: int, handler: signal._HANDLER) -> None:
    """Set a handler where this is the main thread; no other may."""
    with contextlib.suppress(ValueError):
        signal.signal(number, handler)
