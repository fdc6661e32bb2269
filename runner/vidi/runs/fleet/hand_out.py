"""A plan becomes rows that workers buy: all of it is checked and priced before any of it is ready.

A planner that dies leaves the job in `planning`, of which nothing is bought; the same command
begins it anew.
"""

from __future__ import annotations

import hashlib
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple

from vidi.errors import UsageError
from vidi.inference.tracking.fleet.rows import BATCH, Row, enter_rows
from vidi.inference.tracking.fleet.states import begin_planning, begin_running
from vidi.inference.tracking.journal.journal import dump_line
from vidi.inference.tracking.ledger.schema import micros_up
from vidi.jobs.output_path import same_file_key
from vidi.runs.fleet.spec import SpecWriter
from vidi.runs.fleet.work import name_queue
from vidi.runs.planning.secrets import list_secrets

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from vidi.inference.tracking.fleet.destinations import Destination
    from vidi.inference.tracking.journal.events import InferenceState
    from vidi.inference.tracking.ledger.connection import Ledger
    from vidi.runs.planning.plan import Plan, PlannedInference

MOST_ROWS, FEWEST_ROWS = 150, 10
"""Of a shard: a lease, a claim and a fold are then a hundredth of the work, and a worker that dies
leaves others little to look through."""
SHARDS_WANTED = 24
"""However few rows there are: so many workers find something to do."""


class HandedOut(NamedTuple):
    """What was given to the workers."""

    bought: int
    """Inferences that are to be bought."""
    fetched: int
    """Inferences that have been bought, and are brought home."""


def hand_out(
    plan: Plan,
    new: Destination,
    states: Mapping[str, InferenceState],
    keys: Mapping[str, str],
    ledger: Ledger,
) -> HandedOut:
    """Enter what a plan wants done, and let workers begin.

    Args:
        plan: The plan, which has passed every gate.
        new: The job, as it is from now on.
        states: What is known of each inference from before.
        keys: Provider to key: whose accounts are bought from.
        ledger: The database.

    Raises:
        UsageError: Something of it a fleet cannot do.
        FolderLockedError: Workers are still at it.
        StorageError: Nothing can be written; the job stays in `planning`.
    """
    refuse_unfit(plan)
    wanted = [each for each in plan.to_run if not each.elsewhere]
    highest = ledger.do(begin_planning(new))
    rows = _list_rows(wanted, states, keys, highest)
    while batch := list(islice(rows, BATCH)):
        ledger.do(enter_rows(new.journal, batch))
    providers = {each.request.model.provider for each in wanted}
    queues = {name: name_queue(name, keys) for name in providers}
    ledger.do(begin_running(new, queues))
    bought = sum(each.buys for each in wanted)
    return HandedOut(bought, len(wanted) - bought)


def refuse_unfit(plan: Plan) -> None:
    """Refuse what workers could not do without this machine.

    Raises:
        UsageError: A param is a secret, which no row may hold; or files would have to move.
    """
    if plan.renames:
        new, old = next(iter(plan.renames.items()))
        raise UsageError(
            f"{new} asks for what was bought as {old}, and in a fleet every inference keeps its id",
            hint=f"Call it {old} again, or buy it anew with --rebuy {new}.",
        ).about(new)
    for planned in plan.to_run:
        if planned.action in {"move", "restore"}:
            raise UsageError(
                f"{planned.id} would have files {planned.action}d, and a fleet moves none",
                hint=f"Leave it out with --exclude {planned.id}.",
            ).about(planned.id)
    _refuse_secrets(plan)


def _refuse_secrets(plan: Plan) -> None:
    secrets = list_secrets(plan)
    for planned in plan.to_run:
        for name, value in planned.request.checked.params.items():
            if any(text in dump_line(value) for text in secrets):
                raise UsageError(
                    f"{planned.id}: '{name}' is a secret, and a fleet keeps params where every "
                    "worker reads them",
                    hint="Buy it without --fleet, or leave it out with --exclude.",
                ).about(planned.id)


def fingerprint_plan(plan: Plan) -> str:
    """What is asked for, as a hash: the same again has nothing to plan anew."""
    asked = hashlib.sha256()
    for each in plan.inferences:
        asked.update(f"{each.id}\0{each.wanted.fingerprint}\0{each.wanted.output}\n".encode())
    return asked.hexdigest()


def _list_rows(
    wanted: list[PlannedInference],
    states: Mapping[str, InferenceState],
    keys: Mapping[str, str],
    highest: int,
) -> Iterator[Row]:
    """The rows, those of one account together in shards; their numbers go on from the highest."""
    described, shards = SpecWriter(), _Shards(len(wanted), highest)
    for n, planned in enumerate(wanted, start=1):
        state = states.get(planned.id)
        request, price = planned.request, planned.request.estimate
        queue = name_queue(request.model.provider, keys)
        yield Row(
            planned.id,
            n,
            shards.assign(queue),
            queue,
            request.output,
            same_file_key(request.output or f"//{planned.id}"),
            request.fingerprint,
            described.describe(planned, len(state.charges) if state is not None else 0),
            micros_up(price.low),
            micros_up(request.reserve),
            "made" if _was_made(planned, state) else "new",
        )


def _was_made(planned: PlannedInference, state: InferenceState | None) -> bool:
    """Whether its provider may still have it: it is asked before anything is bought."""
    request = planned.request
    same = state is not None and state.was_made and state.fingerprint == request.fingerprint
    return same and not request.again and not request.stored


class _Shards:
    """Shards that are filled one after the other, each with rows of one account."""

    def __init__(self, rows: int, highest: int) -> None:
        self._size = max(FEWEST_ROWS, min(MOST_ROWS, -(-rows // SHARDS_WANTED)))
        self._highest = highest
        self._open: dict[str, tuple[int, int]] = {}

    def assign(self, queue: str) -> int:
        """The shard of the next row of an account."""
        shard, count = self._open.get(queue, (0, self._size))
        if count == self._size:
            self._highest += 1
            shard, count = self._highest, 0
        self._open[queue] = shard, count + 1
        return shard
