"""How a run is stopped from outside: once to drain, twice to cancel, three times to leave."""

from __future__ import annotations

import asyncio
import contextlib
import signal
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

DRAIN, CANCEL, LEAVE = 1, 2, 3
SIGNALS = {signal.SIGINT: 130, signal.SIGTERM: 143}
"""Each signal that stops a run, and the exit code that says so."""


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
    """Press `stop` at each SIGINT and SIGTERM while the block runs."""
    loop = asyncio.get_running_loop()
    for number, exit_code in SIGNALS.items():
        loop.add_signal_handler(number, stop.press, exit_code)
    try:
        yield
    finally:
        for number in SIGNALS:
            loop.remove_signal_handler(number)
