"""How many inferences of a run may be under way: at the providers, and with files of their own."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

ALONE_S, LONGEST_ALONE_S, ALONE_TRIES = 0.2, 5.0, 8
"""How long, and how often, one that is alone waits for files to be closed: 21 s in all. Others on
the machine have some open, and our own idle connections are, for up to 10 s (a server keeps its end
for longer: nginx for 75 s)."""


class Remote:
    """The places at the providers. A result that is there gives its place to the next inference.

    Bringing home, checking and settling takes 40 ms of an inference of 0.5 s: as long as nothing
    else was under way at the provider meanwhile, a run took a twelfth longer than the ideal.

    Args:
        most: How many there are.
    """

    def __init__(self, most: int) -> None:
        self._places = asyncio.Semaphore(most)

    @contextlib.asynccontextmanager
    async def place(self) -> AsyncIterator[Callable[[], object]]:
        """Hold a place; gives what is to be called when it is needed no longer."""
        await self._places.acquire()
        with contextlib.ExitStack() as held:
            held.callback(self._places.release)
            yield held.close


class AtOnce:
    """The places of a run. Whoever finds no file to open gives up its place for a while.

    Args:
        most: How many there are, until fewer prove to be possible.
    """

    def __init__(self, most: int) -> None:
        self.most = most
        self._taken = 0
        self._changed = asyncio.Condition()

    @contextlib.asynccontextmanager
    async def place(self) -> AsyncIterator[None]:
        """Hold a place; waits while there are fewer than are under way."""
        await self._enter()
        try:
            yield
        finally:
            await self._leave()

    async def step_back(self) -> bool:
        """Let the others end first, and be fewer from now on; False where there are no others."""
        if self._taken <= 1:
            return False
        self.most = max(1, min(self.most, self._taken) - 1)
        await self._leave()
        await self._enter()
        return True

    async def _enter(self) -> None:
        async with self._changed:
            await self._changed.wait_for(lambda: self._taken < self.most)
            self._taken += 1

    async def _leave(self) -> None:
        async with self._changed:
            self._taken -= 1
            self._changed.notify_all()
