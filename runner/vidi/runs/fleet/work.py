"""A worker: one free shard after the other, until it is told to stop or nothing is left.

Nothing dispatches here: whoever is free looks for a shard and claims it, and one claim holds.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from vidi.errors import InDoubtError, RefusedError, UsageError, VidiError
from vidi.inference.lifecycle.sends import Sends
from vidi.inference.models.provider_names import provider_names
from vidi.inference.settings import KEYS
from vidi.inference.tracking.fleet.destinations import find_destination
from vidi.inference.tracking.fleet.shards import ALL, count_left, find_shards
from vidi.runs.execution.run import end_task
from vidi.runs.execution.stopping import DRAIN, Stop
from vidi.runs.execution.throttle import name_account
from vidi.runs.fleet.rescue import Rescue
from vidi.runs.fleet.run_shard import run_shard
from vidi.runs.fleet.sweep import keep_sweeping

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterable, Mapping

    from vidi.inference.tracking.fleet.destinations import Destination
    from vidi.inference.tracking.fleet.shards import Part
    from vidi.runs.fleet.run_shard import ShardEnd, Worker

LOOK_S, LONGEST_LOOK_S = 0.5, 5.0
"""How often an idle worker looks for work."""
FIRST_REST_S, LONGEST_REST_S = 1.0, 60.0
"""How long a shard is left alone in which nothing has gone on."""
WORST_FIRST = (70, 7, 6, 4, 3, 5, 2, 1)
"""Which exit code counts where several would do: what no new try mends before what it may."""
ROUNDS = 8
"""How often in a row a part may get nowhere before its worker gives up."""


def name_queue(provider: str, keys: Mapping[str, str]) -> str:
    """The queue of an account: a worker listens where it has the key."""
    account = name_account(provider, keys)
    return f"{account.provider}-{account.account}"


def list_queues(worker: Worker) -> list[str]:
    """The accounts of a worker that still take something new."""
    keys, refused = worker.settings.keys, worker.starts.refused
    known = {*keys, *(name for name in provider_names() if name not in KEYS)}
    return [name_queue(name, keys) for name in sorted(known - refused.keys())]


@dataclass(slots=True)
class WorkEnd:
    """What a worker has to tell at its end."""

    shards: int = 0
    inferences: int = 0
    errors: list[VidiError] = field(default_factory=list)

    def note(self, end: ShardEnd) -> None:
        """Count a shard."""
        self.shards += end.verdict == "ended"
        self.inferences += end.progress
        told = {each.message for each in self.errors}
        found = (*end.orphans, *end.crashes, *filter(None, (end.refused, end.halted)))
        self.errors += [each for each in found if each.message not in told]


@dataclass(slots=True)
class _Rest:
    """How long a shard is left alone in which nothing goes on."""

    rounds: int = 0
    until: float = 0.0

    def note(self, *, progress: bool) -> None:
        """Begin anew where something went on; else wait longer."""
        self.rounds = 0 if progress else self.rounds + 1
        pause = min(FIRST_REST_S * 2**self.rounds, LONGEST_REST_S)
        self.until = time.monotonic() + pause * random.uniform(0.5, 1)  # noqa: S311 - not a secret


class ShardLoop:
    """Carries out shards one after the other.

    Args:
        worker: What it does so with.
        stop: Pressed from outside to end: at once to begin nothing new, and so on.
        tell: Called with what a person may want to know.
    """

    def __init__(self, worker: Worker, stop: Stop, tell: Callable[[str], None]) -> None:
        self.end = WorkEnd()
        self._worker = worker
        self._stop = stop
        self._tell = tell
        self._rests: dict[tuple[str, int], _Rest] = {}
        self._halted = False
        """Whether this machine can do no more: its disk is full, say."""
        self._present: set[Stop] = set()
        """Those of the shards that are carried out."""
        self._sends = Sends()
        """However many shards it is at: what a kill leaves in doubt does not grow with them."""
        self._rescue = Rescue(worker, lambda: self._queues, self._take_over)
        stop.on_press(self._pass_on)

    def _pass_on(self, level: int) -> None:
        """Have a signal reach the shards that are carried out."""
        for present in self._present:
            while present.level < level:
                present.press(self._stop.exit_code)

    async def run(self, job: str, part: Part = ALL) -> None:
        """Carry out one job, or a part of it, until nothing is left of it that could be done here.

        Raises:
            UsageError: There is no such job.
            RefusedError: A row is not what was planned, by this worker's templates and files.
            StorageError: The database cannot be used.
        """
        destination = await self._find(job)
        async with self._sweeping(), self._rescue.going_on(destination.journal, part):
            await self._run(job, part)

    async def _run(self, job: str, part: Part) -> None:
        looks = 0
        while not (self._stop.requested or self._halted):
            destination = await self._find(job)
            if destination.state not in {"planning", "running"}:
                return
            if await self._run_one(destination.journal, part):
                looks = 0
            elif destination.state == "running" and await self._is_done(destination, part):
                return
            else:
                looks += 1
                await self._wait(looks)

    async def serve(self, idle_exit_s: float | None = None) -> None:
        """Carry out whatever is to be done in the database.

        Args:
            idle_exit_s: Seconds without work after which it ends; None never does.

        Raises:
            RefusedError: A row is not what was planned, by this worker's templates and files.
            StorageError: The database cannot be used.
        """
        async with self._sweeping(), self._rescue.going_on():
            await self._serve(idle_exit_s)

    async def _serve(self, idle_exit_s: float | None) -> None:
        looks, busy_at = 0, time.monotonic()
        while not (self._stop.requested or self._halted) and self._queues:
            if await self._run_one():
                looks, busy_at = 0, time.monotonic()
                continue
            if idle_exit_s is not None and time.monotonic() - busy_at >= idle_exit_s:
                return
            looks += 1
            await self._wait(looks)

    @contextlib.asynccontextmanager
    async def _sweeping(self) -> AsyncIterator[None]:
        """Sweep meanwhile."""
        task = asyncio.create_task(keep_sweeping(self._worker, lambda: self._queues))
        try:
            yield
        finally:
            await end_task(task)

    @property
    def _queues(self) -> list[str]:
        """The accounts that something is begun for; none once it is to end."""
        return [] if self._stop.requested or self._halted else list_queues(self._worker)

    async def _find(self, job: str) -> Destination:
        found = await self._worker.ledger.ask(find_destination(job))
        if found is None:
            raise UsageError(
                f"no job of this database is {job}",
                hint="`vidi-run JOB_FILE --fleet` plans one and prints its name.",
            )
        return found

    async def _run_one(self, journal: str = "", part: Part = ALL) -> bool:
        """Carry out a shard that is free; False where there is none."""
        now = time.monotonic()
        asked = find_shards(self._queues, journal=journal, part=part)
        free = [
            each
            for each in await self._worker.ledger.ask(asked)
            if each[:2] not in self._rests or self._rests[each[:2]].until <= now
        ]
        if not free:
            return False
        begun = [each for each in free if each.begun]
        chosen = random.choice(begun or free[:4])  # noqa: S311 - so that not all want the same one
        await self._carry_out(await self._find(chosen.journal), chosen.shard)
        return True

    async def _carry_out(self, destination: Destination, shard: int) -> None:
        present = Stop()
        self._present.add(present)
        self._pass_on(self._stop.level)
        try:
            end = await run_shard(destination, shard, present, self._worker, self._sends)
        finally:
            self._present.discard(present)
        self.end.note(end)
        self._halted = self._halted or end.halted is not None
        if end.verdict != "busy":  # else another one is at it: that says nothing of the shard
            rest = self._rests.setdefault((destination.journal, shard), _Rest())
            rest.note(progress=bool(end.progress))
        self._tell(f"{destination.journal}: shard {shard} {end.verdict}, {end.progress} ended")

    async def _take_over(self, journal: str, shard: int) -> None:
        """Carry out what another one has left behind."""
        try:
            await self._carry_out(await self._find(journal), shard)
        except VidiError as error:
            self.end.errors.append(error)

    async def _is_done(self, destination: Destination, part: Part) -> bool:
        """Whether nothing of a part is left that this worker could do, now or later."""
        left = await self._worker.ledger.ask(count_left(self._queues, destination.journal, part))
        if not self._queues or not (left.open or left.held):
            return True
        tried = [rest for (name, _), rest in self._rests.items() if name == destination.journal]
        return bool(tried) and not left.held and all(rest.rounds >= ROUNDS for rest in tried)

    async def _wait(self, looks: int) -> None:
        pause = min(LOOK_S * 2 ** min(looks, 10), LONGEST_LOOK_S)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(pause):
                await self._stop.wait_for(DRAIN)


def choose_exit_code(
    end: WorkEnd, counts: Mapping[str, int], accept: Iterable[str], *, why: str = ""
) -> int:
    """The exit code of a part, or of a job: as one machine's run has it.

    Args:
        end: What the worker has to tell.
        counts: How many rows stand how.
        accept: The statuses that do not spoil it.
        why: Which cap has stopped the job; empty where none has.
    """
    closed = {"succeeded", "failed", "moderated", "rejected", "in_doubt"}
    codes = {error.exit_code for error in end.errors}
    if counts.get("in_doubt"):
        codes.add(InDoubtError.exit_code)
    unwanted = {"failed", "moderated", "rejected"} - set(accept)
    if any(counts.get(status) for status in unwanted):
        codes.add(1)
    left = sum(count for status, count in counts.items() if status not in closed)
    if why and (left or counts.get("rejected")):
        codes.add(RefusedError.exit_code)
    elif left:
        codes.add(5)
    return next((code for code in WORST_FIRST if code in codes), 0)
