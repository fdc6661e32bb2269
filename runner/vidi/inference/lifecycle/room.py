"""Room under the caps for one purchase: granted now, or when what is under way has settled.

What is under way holds the most that it may cost, and usually costs less. A purchase that finds no
room beside it waits, and is refused only when nothing that may give room back is left.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, TypeVar

from vidi.errors import NotSentError, RefusedError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Coroutine

    from vidi.inference.lifecycle.runtime import Runtime

Made = TypeVar("Made")

STOPPED = "the run was stopped before this was sent"
LONG_S = 1.0
"""A ledger that takes longer may be away."""


async def with_room(inference: str, buy: Callable[[], Awaitable[Made]], runtime: Runtime) -> Made:
    """Buy as soon as there is room for it.

    Args:
        inference: The id of what is to be bought.
        buy: Buys it; raises `RefusedError` where there is no room.
        runtime: What the run works with.

    Raises:
        RefusedError: A cap has no room for it, and nothing under way may give any back.
        NotSentError: The run was stopped while it waited.
        VidiError: What `buy` raises.
    """
    while True:
        settled = runtime.budget.next_settlement()
        try:
            return await buy()
        except RefusedError:
            if not _may_be_freed(inference, runtime):
                raise
        await _wait(inference, settled, runtime)


async def unless_stopped(work: Coroutine[object, object, Made], runtime: Runtime) -> Made:
    """Wait for what puts a purchase on record; where it takes long, no longer than the run lasts.

    Raises:
        NotSentError: The run was stopped while it waited.
        VidiError: What the work raises.
    """
    task = asyncio.ensure_future(work)
    try:
        await asyncio.wait({task}, timeout=LONG_S)
        if not task.done():
            await _wait_for_either(task, runtime)
    finally:
        task.cancel()  # does nothing where it is done
        await asyncio.wait({task})
    if task.cancelled():
        raise NotSentError(STOPPED)
    return task.result()


async def _wait_for_either(task: asyncio.Future[Made], runtime: Runtime) -> None:
    stop: asyncio.Future[Any] = asyncio.ensure_future(runtime.until_stopped())
    try:
        await asyncio.wait({task, stop}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        stop.cancel()


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
        raise NotSentError(STOPPED)
