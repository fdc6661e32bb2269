"""A worker that is given shards by Procrastinate.

Each shard has a thread and an event loop of its own, so that heartbeats go on whatever the shard is
at. A lost connection, and a worker that another one took for dead, end Procrastinate's worker: it
is begun anew. Nothing is ever aborted, as that would cut a paid request off; whoever is to end
presses `Stop`.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from procrastinate.exceptions import ProcrastinateException

from vidi.errors import StorageError, VidiError
from vidi.inference.tracking.fleet.destinations import find_exactly
from vidi.inference.tracking.fleet.shards import find_shards
from vidi.runs.execution.run import end_task
from vidi.runs.execution.stopping import DRAIN, Stop
from vidi.runs.fleet.engine.jobs import (
    STALLED_S,
    RowsLeftError,
    bring_back,
    dispatch,
    find_undispatched,
    make_app,
    make_job_tables,
)
from vidi.runs.fleet.rescue import Rescue
from vidi.runs.fleet.run_shard import run_shard
from vidi.runs.fleet.sweep import sweep_once
from vidi.runs.fleet.work import WorkEnd, list_queues

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    import procrastinate

    from vidi.runs.fleet.run_shard import ShardEnd, Worker

AGAIN_S = 1.0
"""Until Procrastinate's worker is begun anew."""
LOOK_S = 0.25
HEARTBEAT_S = 10.0


@dataclass(frozen=True, slots=True)
class _Present:
    """The shard that is carried out, in its own thread."""

    loop: asyncio.AbstractEventLoop
    stop: Stop

    def press(self, level: int, exit_code: int) -> None:
        """Ask as urgently as the whole is asked."""
        while self.stop.level < level:
            self.stop.press(exit_code)


class Dispatched:
    """Carries out the shards that it is given.

    Args:
        worker: What it does so with.
        address: The postgresql:// URL of the fleet's database.
        stop: Pressed from outside to end.
        tell: Called with what a person may want to know.
    """

    def __init__(
        self, worker: Worker, address: str, stop: Stop, tell: Callable[[str], None]
    ) -> None:
        self.end = WorkEnd()
        self._worker = worker
        self._address = address
        self._stop = stop
        self._tell = tell
        self._present: set[_Present] = set()
        """The shards that are carried out."""
        self._rescue = Rescue(worker, self._list_queues, self._run_job)
        self._broken: VidiError | None = None
        self._halted = False
        """Whether this machine can do no more: its disk is full, say."""
        self._busy_at = time.monotonic()
        stop.on_press(self._pass_on)

    def _pass_on(self, level: int) -> None:
        for present in tuple(self._present):
            with contextlib.suppress(RuntimeError):  # it has just ended
                present.loop.call_soon_threadsafe(present.press, level, self._stop.exit_code)

    def _list_queues(self) -> list[str]:
        """The accounts that something is begun for; none once it is to end."""
        over = self._stop.requested or self._broken or self._halted
        return [] if over else list_queues(self._worker)

    async def serve(self, idle_exit_s: float | None = None) -> None:
        """Carry out shards until it is stopped.

        Args:
            idle_exit_s: Seconds without work after which it ends; None never does.

        Raises:
            VidiError: A shard is not what was planned, by this worker's templates and files.
            StorageError: The database cannot be used.
        """
        await self._worker.ledger.ask(make_job_tables())
        app = make_app(self._address, self._run_job)
        async with self._open(app), self._sweeping(app), self._rescue.going_on():
            while not await self._is_over(idle_exit_s):
                await self._work(app, idle_exit_s)
        if self._broken is not None:
            raise self._broken

    @contextlib.asynccontextmanager
    async def _open(self, app: procrastinate.App) -> AsyncIterator[None]:
        try:
            await app.open_async()
            yield
        except ProcrastinateException as error:
            raise StorageError(f"the queue of shards cannot be used: {error}") from error
        finally:
            await app.close_async()

    async def _is_over(self, idle_exit_s: float | None) -> bool:
        queues = self._list_queues()
        if not queues:
            return True
        idle_s = time.monotonic() - self._busy_at
        if idle_exit_s is None or self._present or idle_s < idle_exit_s:
            return False
        # What the queue has not given yet is work all the same.
        waiting = await self._worker.ledger.ask(find_shards(queues, most=1))
        if waiting:
            self._busy_at = time.monotonic()
        return not waiting

    async def _work(self, app: procrastinate.App, idle_exit_s: float | None) -> None:
        """Let Procrastinate's worker go on until it ends by itself, or is to end."""
        queues = list_queues(self._worker)
        working = asyncio.create_task(
            app.run_worker_async(
                queues=queues,
                name=self._worker.name,
                install_signal_handlers=False,
                delete_jobs="always",
                update_heartbeat_interval=HEARTBEAT_S,
                stalled_worker_timeout=STALLED_S,
            )
        )
        while not working.done() and not await self._is_over(idle_exit_s):
            if list_queues(self._worker) != queues:
                break  # a key was refused: others may have a better one
            await asyncio.wait({working}, timeout=LOOK_S)
        ended_by_itself = working.done()
        await end_task(working)  # it waits for the shard that it is at
        if ended_by_itself:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(AGAIN_S):
                    await self._stop.wait_for(DRAIN)

    async def _run_job(self, journal: str, shard: int) -> None:
        """Carry out the shard of a job.

        Raises:
            RowsLeftError: It is to come again.
        """
        if self._stop.requested or self._broken or self._halted:
            raise RowsLeftError("this worker ends")
        self._busy_at = time.monotonic()
        try:
            end = await asyncio.to_thread(asyncio.run, self._carry_out(journal, shard))
        except VidiError as error:
            self._broken = self._broken or error
            raise RowsLeftError(error.message) from error
        finally:
            self._busy_at = time.monotonic()
        if end is not None and end.verdict == "left":
            raise RowsLeftError(f"shard {shard} of {journal} has rows left")

    async def _carry_out(self, journal: str, shard: int) -> ShardEnd | None:
        """In a thread and on a loop of its own."""
        destination = await self._worker.ledger.ask(find_exactly(journal))
        if destination is None:
            return None
        present = _Present(asyncio.get_running_loop(), Stop())
        self._present.add(present)
        present.press(self._stop.level, self._stop.exit_code)
        try:
            end = await run_shard(destination, shard, present.stop, self._worker)
        finally:
            self._present.discard(present)
        self.end.note(end)
        self._halted = self._halted or end.halted is not None
        self._tell(f"{journal}: shard {shard} {end.verdict}, {end.progress} ended")
        return end

    @contextlib.asynccontextmanager
    async def _sweeping(self, app: procrastinate.App) -> AsyncIterator[None]:
        task = asyncio.create_task(self._keep_sweeping(app))
        try:
            yield
        finally:
            await end_task(task)

    async def _keep_sweeping(self, app: procrastinate.App) -> None:
        """Bring back what was left lying, at once and then every `sweep_s`."""
        while True:
            with contextlib.suppress(VidiError, ProcrastinateException):
                await sweep_jobs(app, self._worker)
            await asyncio.sleep(self._worker.fleet.sweep_s)


async def sweep_jobs(app: procrastinate.App, worker: Worker) -> None:
    """Set right what was left lying, in the queue too: a job for each shard that wants one.

    Raises:
        StorageError: The database cannot be used.
        ProcrastinateException: The queue cannot be used.
    """
    await sweep_once(worker, list_queues(worker))
    await bring_back(app)
    shards = await worker.ledger.ask(find_undispatched())
    await dispatch(app, [tuple(row) for row in shards])
