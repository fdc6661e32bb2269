"""What dead workers have left behind, taken over beside what a worker is at.

Its own shard may take an hour, and so long nobody else may be free; what was bought is kept by its
provider for a while only (Replicate: an hour).
"""

from __future__ import annotations

import asyncio
import random
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING

from vidi.errors import VidiError
from vidi.inference.tracking.fleet.shards import ALL, find_left_behind
from vidi.runs.execution.run import end_task

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

    from vidi.inference.tracking.fleet.shards import Part
    from vidi.runs.fleet.run_shard import Worker

AT_ONCE = 4
"""Shards that one worker takes over at a time: a dead one leaves its own and what it took over."""
LOOKED_AT = 8
"""Of those that lie about, so many are chosen from: all workers look at once."""


class Rescue:
    """Looks for shards whose lease has run out, every `sweep_s`, and carries them out.

    Args:
        worker: Who does so.
        queues: The accounts that it has keys of now; none where it begins nothing any more.
        carry_out: Carries out a shard of a job; whatever goes wrong is its own to tell.
    """

    def __init__(
        self,
        worker: Worker,
        queues: Callable[[], list[str]],
        carry_out: Callable[[str, int], Awaitable[object]],
    ) -> None:
        self._worker = worker
        self._queues = queues
        self._carry_out = carry_out
        self._under_way: dict[tuple[str, int], asyncio.Task[None]] = {}

    @asynccontextmanager
    async def going_on(self, journal: str = "", part: Part = ALL) -> AsyncIterator[None]:
        """Look meanwhile; at the end what was taken over is carried out as far as it may be.

        Args:
            journal: Whose shards; empty for every running job's.
            part: Which of its shards.
        """
        looking = asyncio.create_task(self._keep_looking(journal, part))
        try:
            yield
        finally:
            await end_task(looking)
            await asyncio.gather(*self._under_way.values())

    async def _keep_looking(self, journal: str, part: Part) -> None:
        while True:
            await asyncio.sleep(self._worker.fleet.sweep_s)
            with suppress(VidiError):  # the next look may come through
                await self._look(journal, part)

    async def _look(self, journal: str, part: Part) -> None:
        queues, room = self._queues(), AT_ONCE - len(self._under_way)
        if not queues or room <= 0:
            return
        asked = find_left_behind(queues, journal=journal, part=part, most=LOOKED_AT)
        found = [
            (each.journal, each.shard)
            for each in await self._worker.ledger.ask(asked)
            if (each.journal, each.shard) not in self._under_way
        ]
        for name, shard in random.sample(found, min(room, len(found))):
            self._under_way[name, shard] = asyncio.create_task(self._take_over(name, shard))

    async def _take_over(self, journal: str, shard: int) -> None:
        try:
            with suppress(VidiError):
                await self._carry_out(journal, shard)
        finally:
            del self._under_way[journal, shard]
