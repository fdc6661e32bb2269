"""The sweep of a worker: what others have left lying is looked for every `sweep_s`."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING

from vidi.errors import VidiError
from vidi.inference.tracking.fleet.destinations import find_exactly
from vidi.inference.tracking.fleet.doubts import take_unasked
from vidi.inference.tracking.fleet.sweeping import sweep
from vidi.runs.fleet.doubts import DoubtDesk

if TYPE_CHECKING:
    from collections.abc import Callable

    from vidi.runs.fleet.run_shard import Worker


async def keep_sweeping(worker: Worker, queues: Callable[[], list[str]]) -> None:
    """Sweep until cancelled.

    Args:
        worker: Who does so.
        queues: The accounts that it has keys of now.
    """
    while True:
        await asyncio.sleep(worker.fleet.sweep_s)
        with suppress(VidiError):  # the next one may come through
            await sweep_once(worker, queues())


async def sweep_once(worker: Worker, queues: list[str]) -> None:
    """Set right what was left lying, and ask once for each doubt that is old enough.

    Raises:
        StorageError: The database cannot be used.
    """
    if not await worker.ledger.ask(sweep()):
        return
    unasked = await worker.ledger.ask(take_unasked(worker.fleet.settle_s, queues))
    for name, ids in unasked.items():
        destination = await worker.ledger.ask(find_exactly(name))
        if destination is not None:
            desk = DoubtDesk(
                destination,
                worker.ledger,
                worker.registry,
                worker.settings,
                worker.fleet,
                worker.name,
            )
            await desk.ask(ids)
