"""One shard carried out by one worker: leased, resumed from its events, ended or given back.

It is the only entry: a loop of claims, a Kubernetes Indexed Job, a Slurm array and a task of any
queue all call it. Twice at once does no harm: one of the two finds the shard busy.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING, Literal

from vidi.errors import CredentialsError, RefusedError, VidiError
from vidi.inference.lifecycle.sends import Sends
from vidi.inference.outputs.keeping.staging import remove_leftovers
from vidi.inference.tracking.fleet.books import ShardBooks
from vidi.inference.tracking.fleet.destinations import find_exactly
from vidi.inference.tracking.fleet.rows import count_of_shard, read_rows
from vidi.inference.tracking.fleet.shards import claim_shard, end_shard, free_shard
from vidi.inference.tracking.fleet.states import conclude_destination, stop_destination
from vidi.runs.execution.execute import Execution
from vidi.runs.execution.run import end_task, let_go, make_runtime
from vidi.runs.fleet.destination import locate_outputs, open_destination
from vidi.runs.fleet.lease import LeaseKeeper
from vidi.runs.fleet.spec import SpecReader

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from vidi.inference.lifecycle.carry_out import Outcome
    from vidi.inference.models.registry import ModelRegistry
    from vidi.inference.models.template import ModelInfo
    from vidi.inference.outputs.keeping.asset_store import AssetStore
    from vidi.inference.providers.provider import Provider
    from vidi.inference.settings import Settings
    from vidi.inference.tracking.bills import PastBills
    from vidi.inference.tracking.caps import Cap
    from vidi.inference.tracking.fleet.destinations import Destination
    from vidi.inference.tracking.fleet.settings import FleetSettings
    from vidi.inference.tracking.fleet.shards import Shard
    from vidi.inference.tracking.ledger.connection import Ledger
    from vidi.runs.execution.run import RunConfig
    from vidi.runs.execution.starting import StartLimits
    from vidi.runs.execution.stopping import Stop
    from vidi.runs.planning.plan import PlannedInference

STANDING_STILL = frozenset({"in_doubt", "skipped", "unfinished"})
"""How an inference ends that has come no further."""
Verdict = Literal["busy", "ended", "parked", "left"]
"""busy: somebody else holds it, or it has ended. ended: every row has. parked: what is left is in
doubt, and waits for a provider's list or a person. left: something is to be done yet."""


@dataclass(frozen=True, slots=True)
class Worker:
    """What a worker carries shards out with."""

    name: str
    """Tells it apart from every other that ever was."""
    ledger: Ledger
    address: str
    """The postgresql:// URL of the database."""
    registry: ModelRegistry
    project: Path
    """What outputs and input files are relative to."""
    fleet: FleetSettings
    settings: Settings
    """Whose keys decide to which accounts it listens."""
    starts: StartLimits
    """Which providers have refused its key: it asks them for nothing new."""
    caps: Sequence[Cap]
    """Its own, beside those that a job was planned with."""
    configure: Callable[[Destination], RunConfig]
    """How inferences of a job are carried out: `limits`, pace, listener."""


@dataclass(frozen=True, slots=True)
class ShardEnd:
    """What came of a shard."""

    verdict: Verdict
    progress: int = 0
    """Inferences that ended meanwhile."""
    refused: CredentialsError | None = None
    """Why this worker's account takes nothing new."""
    orphans: tuple[VidiError, ...] = ()
    """What was bought although it had been taken for not bought."""
    crashes: tuple[VidiError, ...] = ()
    halted: VidiError | None = None


@dataclass(frozen=True, slots=True)
class ShardPlan:
    """What of a shard is to be carried out."""

    assets: AssetStore
    inferences: tuple[PlannedInference, ...]
    accept: frozenset[str] = frozenset()

    @property
    def to_run(self) -> tuple[PlannedInference, ...]:
        """All of it: what has ended is not read."""
        return self.inferences


@dataclass(slots=True)
class _CapWatch:
    """Ends a job once, for everybody, when a cap has refused something of it."""

    stop: Stop
    refusal: RefusedError | None = None
    ended: list[Outcome] = field(default_factory=list)

    def hear(self, inference: str, event: str, **detail: object) -> None:
        """Look how each inference ended."""
        outcome = detail.get("outcome")
        if event != "ended" or outcome is None:
            return
        self.ended.append(outcome)  # type: ignore[arg-type]  # what `ended` tells
        error = self.ended[-1].error
        if isinstance(error, RefusedError) and self.refusal is None:
            self.refusal = error
            if not self.stop.requested:
                self.stop.press(RefusedError.exit_code)
        del inference


async def run_shard(
    destination: Destination,
    shard: int,
    stop: Stop,
    worker: Worker,
    sends: Sends | None = None,
) -> ShardEnd:
    """Carry out what is to be done in a shard, as long as it is this worker's.

    Args:
        destination: The job.
        shard: Which of its shards.
        stop: Pressed from outside to begin nothing new; pressed here where the lease is lost, the
            job is stopped or a cap is full.
        worker: Who carries it out.
        sends: The places for paid requests that it shares with the worker's other shards on this
            event loop; None for its own.

    Raises:
        RefusedError: A row is not what was planned, by this worker's templates and files.
        StorageError: The database cannot be used.
        SettingError: Nothing can be sent at all.
    """
    ledger, seconds = worker.ledger, worker.fleet.lease_s
    claim = claim_shard(destination.journal, shard, worker.name, seconds=seconds)
    held = await ledger.ask(claim)
    if held is None:
        return ShardEnd("busy")
    keeper = LeaseKeeper(ledger, held, worker.fleet, stop)
    keeping = asyncio.create_task(keeper.keep())
    end = ShardEnd("left")
    try:
        end = await _carry_out(destination, held, stop, worker, sends or Sends())
    finally:
        await end_task(keeping)
        verdict = await _let_go(held, ledger)
    if verdict == "ended":
        await _tidy(destination, worker)
    return replace(end, verdict="busy" if keeper.lost else verdict)


async def _carry_out(
    destination: Destination, held: Shard, stop: Stop, worker: Worker, sends: Sends
) -> ShardEnd:
    config = worker.configure(destination)
    watch = _CapWatch(stop)
    config = replace(
        config,
        listener=partial(_tell_both, watch.hear, config.listener),
        send_within_s=worker.fleet.send_by_s,
    )
    secrets = tuple(config.settings.keys.values())
    caps = (*destination.caps, *worker.caps)
    books = ShardBooks(worker.ledger, held, destination.run, lowest_of(caps), secrets)
    await books.journal.load()
    rows = await worker.ledger.ask(read_rows(held.journal, held.shard))
    allow_outside = destination.terms.allow_outside
    reader = SpecReader(worker.registry, worker.project, allow_outside=allow_outside)
    states = books.journal.states
    planned = tuple(reader.read(row, states.get(row.id)) for row in rows)
    output = open_destination(destination, worker.project)
    plan = ShardPlan(output.assets, planned, frozenset(destination.terms.accept))
    execution = await _execute(plan, books, config, stop, output.thumbnails, sends)
    if watch.refusal is not None:
        await worker.ledger.ask(stop_destination(held.journal, watch.refusal.message))
    doubts = (outcome.error for outcome in watch.ended if outcome.status == "in_doubt")
    orphans = tuple(each for each in doubts if each is not None and each.code == "orphan")
    ended = [each for each in watch.ended if each.status not in STANDING_STILL]
    return ShardEnd(
        "left", len(ended), execution.refused, orphans, tuple(execution.crashes), execution.halted
    )


async def _execute(
    plan: ShardPlan,
    books: ShardBooks,
    config: RunConfig,
    stop: Stop,
    thumbnails: Path | None,
    sends: Sends,
) -> Execution:
    """The product's own run of a plan."""
    models = {each.request.model.id: each.request.model for each in plan.inferences}
    await asyncio.to_thread(_prepare, config.bills, tuple(models.values()))
    providers: dict[str, Provider] = {}
    runtime = replace(make_runtime(books, config, providers, stop, thumbnails), sends=sends)
    execution = Execution(plan, runtime, config.limits, stop, config.describe_bug)
    try:
        await execution.run()
    finally:
        await let_go(providers, runtime)
    return execution


def _prepare(bills: PastBills, models: Sequence[ModelInfo]) -> None:
    """Read what was billed before: it waits for the database, and the loop must not."""
    for model in models:
        bills.prepare(model)


async def _let_go(held: Shard, ledger: Ledger) -> Verdict:
    """End the shard where all of it has, else let others have it; says how it stands."""
    if await ledger.ask(end_shard(held)):
        await ledger.ask(conclude_destination(held.journal))
        return "ended"
    await ledger.ask(free_shard(held))
    await ledger.ask(conclude_destination(held.journal))
    counts = await ledger.ask(count_of_shard(held))
    open_ones = counts.keys() - {"succeeded", "failed", "moderated", "rejected"}
    return "parked" if open_ones == {"in_doubt"} else "left"


async def _tidy(destination: Destination, worker: Worker) -> None:
    """Remove what killed workers left half written, once nobody writes there any more."""
    now = await worker.ledger.ask(find_exactly(destination.journal))
    if now is not None and now.state == "ended" and "://" not in destination.store:
        folder = locate_outputs(destination, worker.project)
        with suppress(OSError):
            await asyncio.to_thread(remove_leftovers, folder)


def lowest_of(caps: Sequence[Cap]) -> tuple[Cap, ...]:
    """Of each kind, the lowest cap."""
    lowest: dict[str, Cap] = {}
    for cap in caps:
        if cap.kind not in lowest or cap.usd < lowest[cap.kind].usd:
            lowest[cap.kind] = cap
    return tuple(lowest.values())


def _tell_both(
    first: Callable[..., None],
    second: Callable[..., None],
    inference: str,
    event: str,
    **detail: object,
) -> None:
    first(inference, event, **detail)
    second(inference, event, **detail)
