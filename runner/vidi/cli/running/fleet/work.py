"""A worker's command, from its first shard to its exit code."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from vidi.cli.running.fleet.worker import open_worker
from vidi.errors import VidiError
from vidi.inference.tracking.fleet.destinations import find_destination
from vidi.inference.tracking.fleet.rows import count_rows
from vidi.inference.tracking.fleet.shards import ALL, Part
from vidi.runs.execution.signals import received_signals
from vidi.runs.execution.stopping import CANCEL, Stop, listening_to_signals
from vidi.runs.fleet.engine_there import has_engine
from vidi.runs.fleet.work import ShardLoop, WorkEnd, choose_exit_code

if TYPE_CHECKING:
    from vidi.cli.display.console import Console
    from vidi.cli.running.fleet.worker import WorkerOptions
    from vidi.runs.fleet.engine.serve import Dispatched
    from vidi.runs.fleet.run_shard import Worker
    from vidi.runs.planning.shards import Shard


def carry_out_work(
    options: WorkerOptions,
    job: str | None,
    shard: Shard | None,
    idle_exit_s: float | None,
    console: Console,
) -> int:
    """Work until nothing is left or somebody stops it; returns the exit code.

    Raises:
        VidiError: It cannot work at all.
    """
    part = ALL if shard is None else Part(shard.number, shard.count)
    with open_worker(options, console) as worker:
        received_signals.hold()  # from here on something may have been bought
        stop = Stop()
        end = asyncio.run(_work(worker, stop, job, part, idle_exit_s, console))
        for error in end.errors:
            console.report_error(error)
        if stop.exit_code:
            return stop.exit_code
        if job is None:
            return max((error.exit_code for error in end.errors), default=0)
        return _choose_exit_code(worker, job, part, end)


async def _work(
    worker: Worker,
    stop: Stop,
    job: str | None,
    part: Part,
    idle_exit_s: float | None,
    console: Console,
) -> WorkEnd:
    loop = ShardLoop(worker, stop, console.tell) if job else _open_loop(worker, stop, console)
    # Who asks twice waits for no database that is away.
    stop.on_press(lambda level: worker.ledger.hurry() if level >= CANCEL else None)
    with listening_to_signals(stop):
        try:
            if isinstance(loop, ShardLoop) and job is not None:
                await loop.run(job, part)
            else:
                await loop.serve(idle_exit_s)
        except VidiError as error:
            loop.end.errors.append(error)
    return loop.end


def _open_loop(worker: Worker, stop: Stop, console: Console) -> Dispatched | ShardLoop:
    """What gives the worker its shards: the queue where it is installed, else its own looks."""
    if not has_engine():
        return ShardLoop(worker, stop, console.tell)
    from vidi.runs.fleet.engine.serve import Dispatched

    return Dispatched(worker, worker.address, stop, console.tell)


def _choose_exit_code(worker: Worker, job: str, part: Part, end: WorkEnd) -> int:
    destination = worker.ledger.do(find_destination(job))
    if destination is None:
        return choose_exit_code(end, {}, ())
    counts = worker.ledger.do(count_rows(destination.journal, part))
    return choose_exit_code(end, counts, destination.terms.accept, why=destination.why)
