"""A job planned for a fleet, row by row: each is put by where no worker sees it.

All of it is checked and priced before any of it is entered: what is wrong with the last row is
told before the first can be bought. A million rows need no more memory than ten thousand.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

from vidi.errors import JobFileError, Problem
from vidi.inference.models.params.addresses import list_url_secrets
from vidi.inference.tracking.fleet.rows import (
    BATCH,
    Row,
    begin_staging,
    find_holding,
    find_taken,
    stage_rows,
)
from vidi.inference.tracking.journal.journal import dump_line
from vidi.inference.tracking.ledger.schema import micros_up
from vidi.jobs.output_path import same_file_key
from vidi.known_secrets import list_texts
from vidi.runs.fleet.spec import SpecWriter
from vidi.runs.fleet.streamed import stream_plan
from vidi.runs.fleet.work import name_queue

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from vidi.errors import Place
    from vidi.inference.tracking.journal.events import InferenceState
    from vidi.inference.tracking.ledger.connection import Ledger
    from vidi.runs.fleet.streamed import StreamedPlan
    from vidi.runs.planning.plan import PlannedInference
    from vidi.runs.planning.planner import Planning, PlanTask

NAMED = 5
"""How many rows are named for each thing that is wrong with many."""
_AS_BEFORE = {
    "move": "Give it its former `output` again",
    "restore": "Let it ask for what it has now",
}
_LEAVE_OUT = "Buy it without --fleet, or leave it out with --exclude."


class Staged(NamedTuple):
    """What was put by."""

    plan: StreamedPlan
    queues: Mapping[str, int]
    """Account to how many rows it has."""


def stage_plan(
    task: PlanTask, journal: str, keys: Mapping[str, str], ledger: Ledger | None
) -> Staged:
    """Check and price every inference, and put by what workers are to do.

    Args:
        task: What is planned; its folder stands for where its outputs go.
        journal: The job's name in the database.
        keys: Provider to key: whose accounts are bought from.
        ledger: The database, by one connection; None where nothing is to be put by.

    Raises:
        JobFileError: It has mistakes, or something of it a fleet cannot do; all of them.
        StorageError: Nothing can be written.
    """
    rows = _StagedRows(journal, keys, ledger)
    plan = stream_plan(task, rows.take)
    rows.flush()
    at = task.job.place_of("inferences")
    if ledger is not None and (wrong := list(_find_wrong(plan, ledger, at))):
        raise JobFileError(wrong)
    return Staged(plan, rows.queues)


class _StagedRows:
    """Puts rows by, some thousand at a time."""

    def __init__(self, journal: str, keys: Mapping[str, str], ledger: Ledger | None) -> None:
        self.queues: Counter[str] = Counter()
        self._journal = journal
        self._keys = keys
        self._ledger = ledger
        self._specs = SpecWriter()
        self._count = 0
        self._batch: list[Row] = []
        if ledger is not None:
            ledger.do(begin_staging())

    def take(self, planned: PlannedInference, planning: Planning) -> Iterable[Problem]:
        """Put one by that workers are to do; says what of it a fleet cannot do."""
        if not planned.does:
            return ()
        wrong = list(_list_unfit(planned, planning))
        if self._ledger is not None and not wrong:
            self._batch.append(self._describe(planned, planning.states.get(planned.id)))
            if len(self._batch) == BATCH:
                self.flush()
        return wrong

    def flush(self) -> None:
        """Put by what is waiting for company."""
        if self._ledger is not None and self._batch:
            self._ledger.do(stage_rows(self._journal, self._batch))
        self._batch = []

    def _describe(self, planned: PlannedInference, state: InferenceState | None) -> Row:
        request = planned.request
        queue = name_queue(request.model.provider, self._keys)
        self._count += 1
        self.queues[queue] += 1
        return Row(
            planned.id,
            self._count,
            self.queues[queue] - 1,
            queue,
            request.output,
            same_file_key(request.output or f"//{planned.id}"),
            request.fingerprint,
            self._specs.describe(planned, len(state.charges) if state is not None else 0),
            micros_up(request.estimate.low),
            micros_up(request.reserve),
            "made" if _was_made(planned, state) else "new",
        )


def _list_unfit(planned: PlannedInference, planning: Planning) -> Iterator[Problem]:
    """What workers could not do without this machine: files that move, and secrets."""
    key = planned.id
    if (old := planning.renames.get(key)) is not None:
        yield _complain(
            planned,
            "renamed",
            f"{key} asks for what was bought as {old}, and in a fleet every inference keeps its id",
            f"Call it {old} again, or buy it anew with --rebuy {key}.",
        )
    elif planned.action in {"move", "restore"}:
        yield _complain(
            planned,
            "moved",
            f"{key} would have files {planned.action}d, and a fleet moves none",
            f"{_AS_BEFORE[planned.action]}, leave it out with --exclude {key}, or buy it anew with "
            f"--rebuy {key}.",
        )
    texts, params = list_texts(planning.checker.all_secrets), planned.request.checked.params
    if not texts and not any(list_url_secrets(params)):
        return  # as in nearly all of a million rows
    for name, value in params.items():
        written = dump_line(value) if texts else ""
        if any(text in written for text in texts) or any(list_url_secrets({name: value})):
            yield _complain(planned, "secret", _tell_secret(key, name), _LEAVE_OUT)


def _complain(planned: PlannedInference, code: str, message: str, hint: str) -> Problem:
    return Problem(code, message, planned.place, hint, (planned.id,))


def _tell_secret(key: str, name: str) -> str:
    return f"{key}: '{name}' is a secret, and a fleet keeps params where every worker reads them"


def _find_wrong(plan: StreamedPlan, ledger: Ledger, at: Place) -> Iterator[Problem]:
    """What shows only when all rows are known: places of others, and secrets that came later."""
    for each in ledger.do(find_taken(NAMED)):
        yield Problem(
            "same-output",
            f"{each.id} asks for {each.output}, which is {each.owner}'s by an earlier plan",
            at,
            "Give one of them another output, or the job a new `output_dir`.",
            (each.id,),
        )
    for text in list_texts(plan.secrets):
        for key in ledger.do(find_holding(dump_line(text)[1:-1], NAMED)):
            yield Problem("secret", _tell_secret(key, "params"), at, _LEAVE_OUT, (key,))


def _was_made(planned: PlannedInference, state: InferenceState | None) -> bool:
    """Whether its provider may still have it: it is asked before anything is bought."""
    request = planned.request
    same = state is not None and state.was_made and state.fingerprint == request.fingerprint
    return same and not request.again and not request.stored
