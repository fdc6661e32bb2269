"""The manifest of a run that lasts: written beside it now and then, so that it can be looked at.

Rendering a thousand inferences takes 40 ms, and nothing else would go on meanwhile: so how they
stand is noted on the event loop, and a thread makes the file of it.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from typing import TYPE_CHECKING

from vidi.errors import StorageError

if TYPE_CHECKING:
    from collections.abc import Callable

FIRST_S = 1.0
"""Seconds until a run is first on record beside its journal."""
EVERY_S = 10.0
TIMES = 50
"""How much longer than writing it took the pause is at least: 2 % of the time, however large."""
MOST_ENTRIES = 5000
"""A larger manifest is written once, at the end: 100,000 entries are 5 s of CPU each time."""


async def keep_manifest(entries: int, snapshot: Callable[[], Callable[[], object]]) -> None:
    """Write the manifest at intervals until cancelled; then what is being written is there.

    Args:
        entries: How many the manifest has.
        snapshot: Notes how the run stands; what it returns writes that down, in any thread.
    """
    pause = FIRST_S
    while entries <= MOST_ENTRIES:
        await asyncio.sleep(pause)
        began = time.monotonic()
        with contextlib.suppress(StorageError):  # the end of the run reports it
            await _finish(asyncio.create_task(asyncio.to_thread(snapshot())))
        pause = max(EVERY_S, TIMES * (time.monotonic() - began))


async def _finish(writing: asyncio.Task[object]) -> None:
    """Wait in any case: a manifest of before must not come after the last one."""
    try:
        await asyncio.shield(writing)
    except asyncio.CancelledError:
        await asyncio.wait([writing])
        raise
