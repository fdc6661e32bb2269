"""How a run is stopped from outside: once to drain, twice to cancel, three times to leave."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING, TypeVar

from vidi.runs.execution.signals import received_signals

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Iterator

T = TypeVar("T")
DRAIN, CANCEL, LEAVE = 1, 2, 3


class Stop:
    """How urgently a run has been asked to end.

    Each signal raises `level` by one, to `LEAVE` at most; SIGTERM counts as Ctrl-C does.
    """

    def __init__(self) -> None:
        self.level = 0
        self.exit_code = 0
        self._changed = asyncio.Event()
        self._listeners: list[Callable[[int], None]] = []

    @property
    def requested(self) -> bool:
        """Whether nothing new may begin."""
        return self.level > 0

    def press(self, exit_code: int = 130) -> None:
        """Ask once more."""
        self.level = min(self.level + 1, LEAVE)
        self.exit_code = self.exit_code or exit_code
        self._changed.set()
        for listener in self._listeners:
            listener(self.level)

    def on_press(self, listener: Callable[[int], None]) -> None:
        """Have a function called with the new level each time."""
        self._listeners.append(listener)

    async def wait_for(self, level: int) -> None:
        """Return when the level is reached."""
        while self.level < level:
            self._changed.clear()
            await self._changed.wait()


@contextlib.contextmanager
def listening_to_signals(stop: Stop) -> Iterator[None]:
    """Press `stop` for each signal that the process has heard before the end of the block."""
    loop = asyncio.get_running_loop()
    pressed = 0

    def catch_up() -> None:
        nonlocal pressed
        while pressed < received_signals.count:
            pressed += 1
            stop.press(received_signals.exit_code)

    def wake() -> None:
        # It strikes in the middle of anything; the loop presses when it has come to an end of that.
        loop.call_soon_threadsafe(catch_up)

    received_signals.listener = wake
    catch_up()
    try:
        yield
    finally:
        received_signals.listener = None
        catch_up()


def run_until_stopped(work: Coroutine[object, object, T]) -> T:
    """Run a coroutine that spends nothing; the first signal cancels it.

    What breaks off anything else must not strike in the middle of an event loop.

    Raises:
        KeyboardInterrupt: A signal came.
    """

    async def listen() -> T:
        loop, task = asyncio.get_running_loop(), asyncio.ensure_future(work)

        def cancel() -> None:
            loop.call_soon_threadsafe(task.cancel)

        received_signals.listener = cancel
        if received_signals.count:
            cancel()
        try:
            return await task
        finally:
            received_signals.listener = None

    received_signals.hold()
    try:
        return asyncio.run(listen())
    finally:
        received_signals.break_off()
