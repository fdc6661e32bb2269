"""Few paid requests at once between intent and receipt: a kill leaves few in doubt."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

# A SIGKILL in a burst of 16 left up to 4 intents whose request had not left, which only a person
# can settle; with one at a time it was 0.07 a kill (30 kills of 600 inferences).
SENDS_AT_ONCE = 2
"""Paid requests of a process between their intent and their receipt."""
LONGEST_SEND_S = 10.0
"""A provider that takes longer to answer holds up nobody else: what has left can be found again."""


class Sends:
    """Places for so many at once.

    Args:
        most: How many.
        longest_s: Seconds after which one that was sent counts no longer.
    """

    def __init__(self, most: int = SENDS_AT_ONCE, longest_s: float = LONGEST_SEND_S) -> None:
        self._places = asyncio.Semaphore(most)
        self._longest_s = longest_s

    @contextlib.asynccontextmanager
    async def place(self) -> AsyncIterator[Callable[[], object]]:
        """Hold a place; gives what is to be called when the request is about to leave."""
        await self._places.acquire()
        leaving = contextlib.ExitStack()
        leaving.callback(self._places.release)
        timers: list[asyncio.TimerHandle] = []

        def leave_later() -> None:
            loop = asyncio.get_running_loop()
            timers.append(loop.call_later(self._longest_s, leaving.close))

        try:
            yield leave_later
        finally:
            for timer in timers:
                timer.cancel()
            leaving.close()
