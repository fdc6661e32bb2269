"""Room under the caps for one purchase: granted now, or when what is under way has settled.

What is under way holds the most that it may cost, and usually costs less. A purchase that finds no
room beside it waits, and is refused only when nothing that may give room back is left.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from vidi.errors import NotSentError, RefusedError

if TYPE_CHECKING:
    from decimal import Decimal

    from vidi.inference.lifecycle.runtime import Runtime
    from vidi.inference.request import InferenceRequest


async def reserve_room(
    request: InferenceRequest, amount: Decimal, runtime: Runtime, *, number: int
) -> None:
    """Set an amount aside; when it returns, it may be spent.

    Args:
        request: What is to be bought.
        amount: The most that it may cost, in USD.
        runtime: What the run works with.
        number: Which of its attempts this is, over all runs.

    Raises:
        RefusedError: A cap has no room for it, and nothing under way may give any back.
        NotSentError: The run was stopped while it waited.
        StorageError: The ledger did not grant it.
    """
    while True:
        settled = runtime.budget.next_settlement()
        try:
            runtime.budget.reserve(request.id, amount, model=request.model.id, attempt=number)
        except RefusedError:
            if not _may_be_freed(request.id, runtime):
                raise
        else:
            return
        await _wait(request.id, settled, runtime)


def _may_be_freed(inference: str, runtime: Runtime) -> bool:
    """Whether another inference holds room that it will give back, or spend, before long."""
    others = runtime.under_way - runtime.without_room - {inference}
    return any(runtime.budget.holds(each) for each in others)


async def _wait(inference: str, settled: asyncio.Event, runtime: Runtime) -> None:
    runtime.without_room.add(inference)
    try:
        waits = {
            asyncio.ensure_future(settled.wait()),
            asyncio.ensure_future(runtime.until_stopped()),
        }
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for each in waits:
                each.cancel()
    finally:
        runtime.without_room.discard(inference)
    if runtime.stopping():
        raise NotSentError("the run was stopped before this was sent")
