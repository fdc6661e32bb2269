"""How a plan is made: each entry checked, priced and decided on. Job files and models meet here."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from decimal import Decimal
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from vidi.errors import JobFileError, Problem, UsageError
from vidi.inference.lifecycle.assets.place import AssetPlaces, KnownContent
from vidi.inference.outputs.keeping.folder import FolderStore
from vidi.inference.tracking.journal.replay import rename_states
from vidi.jobs.reviews.review import Reviews
from vidi.runs.planning.budgets import lower_budget
from vidi.runs.planning.checking import EntryChecker
from vidi.runs.planning.complaints import warn_of_approved, warn_of_purchase
from vidi.runs.planning.deciding.approved import StoredApprovals
from vidi.runs.planning.deciding.decide import (
    decide,
    is_asked_again,
    judge,
    skip_unselected,
    wants_another,
)
from vidi.runs.planning.deciding.earlier import find_strays, has_its_own, take_up
from vidi.runs.planning.deciding.obstacles import Obstacles
from vidi.runs.planning.deciding.reasons import is_under_way
from vidi.runs.planning.deciding.renames import explain_rename, find_renames, list_holders
from vidi.runs.planning.deciding.reviewed import Reviewed
from vidi.runs.planning.deciding.shard_count import ShardCount
from vidi.runs.planning.deciding.sources import Sources
from vidi.runs.planning.plan import (
    DOES,
    NOTHING,
    Plan,
    PlannedInference,
    put_in_order,
    sum_held,
)
from vidi.runs.planning.problems import collect_problems, find_strange_limits
from vidi.runs.planning.selection import matches_any
from vidi.runs.planning.targets import Targets

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from vidi.inference.models.registry import ModelRegistry
    from vidi.inference.outputs.keeping.asset_store import AssetStore
    from vidi.inference.request import InferenceRequest
    from vidi.inference.tracking.journal.events import InferenceState
    from vidi.jobs.job import Job
    from vidi.jobs.spec import InferenceSpec
    from vidi.runs.planning.deciding.reasons import Decision
    from vidi.runs.planning.deciding.record import FolderRecord
    from vidi.runs.planning.plan import Choices


@dataclass(frozen=True, slots=True)
class PlanTask:
    """A job that is to be planned."""

    job: Job
    registry: ModelRegistry
    project: Path
    """What paths are relative to."""
    folder: Path
    """Where its journal is, or stands for where that is."""
    record: FolderRecord
    """What was bought before."""
    choices: Choices
    store: AssetStore | None = None
    """Where the assets are to be kept; None for the folder."""

    @property
    def assets(self) -> AssetStore:
        """Where the assets are to be kept."""
        return self.store or FolderStore(self.folder)


def make_plan(task: PlanTask) -> Plan:
    """Check every inference of a job and say what would be done with each.

    Raises:
        JobFileError: The file has mistakes; it carries all of them, sorted by place.
    """
    planning = Planning(task)
    planned = put_in_order(planning.plan_each())
    return planning.make_plan(planned, sum_held(planned, planning.states))


class _Entry(NamedTuple):
    """An entry that is right, and its place among those of the file that are."""

    place: int
    spec: InferenceSpec
    request: InferenceRequest
    approved: InferenceRequest | None = None
    """What it has instead, from the store, where that is approved and this folder has nothing."""


class Planning:
    """A job planned one inference after another; what is wrong with any of them is told at the end.

    An entry that nothing else can change is decided on at once, and forgotten: who does not keep
    what comes has a job of any length in 16 bytes for each of its ids, paths and purchases. What
    depends on what the others ask for waits until all of them are known: whether a purchase is
    still claimed.

    Args:
        task: What is planned.
        kept: Whether all of it is kept; else so many mistakes end it that nobody reads more.
    """

    def __init__(self, task: PlanTask, *, kept: bool = True) -> None:
        record, choices = task.record, task.choices
        self.assets = task.assets
        self.checker = EntryChecker(task.job, task.registry, task.project, record.bills)
        self.states = record.states
        """As the run will find them: ids renamed."""
        self.renames: dict[str, str] = {}
        self._job = task.job
        self._folder = task.folder
        self._targets = Targets(kept=kept)
        self._record = record
        self._choices = choices
        self._kept = kept
        self._sources = self._open_sources(record.shelf)
        self._obstacles = Obstacles(self.assets, record, overwrite=choices.overwrite)
        self._reviewed = Reviewed(
            record.reviews or Reviews(), sandbox=record.sandbox, again=choices.rejected
        )
        self._approved = StoredApprovals(
            self._reviewed, record.store, self._sources, task.registry, self.checker.complain
        )
        self._bought_here = {state.fingerprint for state in record.states.values()}
        self._count = 0
        self._waiting: list[_Entry] = []
        self._known: set[str] = set()
        """The ids of the file that have been bought before."""
        self._satisfied: set[str] = set()
        """The ids that ask for what they have."""
        self._today = datetime.now(UTC).date()
        self.unmatched = {*choices.select, *choices.exclude, *choices.rebuy, *choices.restore}
        """The selectors that have meant no inference so far."""
        self.shard = ShardCount(choices.shard, self._sources)

    def plan_each(self) -> Iterator[tuple[int, PlannedInference]]:
        """Every inference that is right, with its place among them in file order.

        Nothing may be done about any of them before `conclude` has returned.
        """
        for item in self._job.inferences():
            if isinstance(item, Problem):
                self.checker.problems.append(item)
            else:
                yield from self._enter(item)
            if not self._kept and self.checker.has_enough():
                return
        self._rename()
        for entry in self._waiting:
            yield entry.place, self._plan(entry)

    def conclude(self) -> tuple[Problem, ...]:
        """What is odd, once every inference has been planned.

        Raises:
            JobFileError: The file has mistakes; it carries all of them, sorted by place.
        """
        self.checker.keep_secrets(self._job.secrets)
        problems = collect_problems(
            [
                *self._job.problems,
                *self._job.warnings,
                *self.checker.list_problems(),
                *find_strays(self._job.path, self._known | self.renames.keys(), self.states),
                *find_strange_limits(self._job),
            ]
        )
        if any(problem.severity == "error" for problem in problems):
            raise JobFileError(problems)
        return problems

    def make_plan(self, planned: tuple[PlannedInference, ...], held: Decimal) -> Plan:
        """The plan, once every inference has been planned, with `held` USD that may be billed yet.

        Raises:
            JobFileError: The file has mistakes; it carries all of them, sorted by place.
        """
        job, choices, share = self._job, self._choices, self.shard.share
        warnings, budget = self.conclude(), lower_budget(job.budget, choices.budget)
        return Plan(
            job,
            self._folder,
            self.assets,
            planned,
            share.split(budget) if share is not None and budget is not None else budget,
            warnings,
            held,
            frozenset(self.unmatched),
            choices.gate or job.gate,
            choices.accept | job.accept,
            self.renames,
            share,
            self._record.reviews,
            secrets=frozenset(self.checker.secrets),
        )

    def _open_sources(self, shelf: Mapping[str, InferenceState]) -> Sources:
        known = KnownContent(self._record.states.values(), shelf.values())
        places = AssetPlaces(self.assets, known=known)
        bought = AssetPlaces(self.assets, known=known, edits=False)
        return Sources(shelf, self._record.store, places, bought, kept=self._kept)

    def _enter(self, spec: InferenceSpec) -> Iterator[tuple[int, PlannedInference]]:
        """Check and price one inference, and decide on it where no other entry matters."""
        state = self.states.get(spec.id)
        if state is not None:
            self._known.add(spec.id)
        if self.unmatched:
            self.unmatched -= {each for each in self.unmatched if each.matches(spec, state)}
        entry = self._check(spec, state)
        if entry is None:
            return
        spec, request = entry.spec, entry.request
        if state is not None and has_its_own(spec, request, state):
            self._satisfied.add(spec.id)
            self._sources.claim(state.fingerprint, state.number)
        judged = None
        if state is not None and state.fingerprint == request.fingerprint:
            judged = judge(spec, request, state, self._choices, self._sources)
        if self._depends_on_others(entry, state, judged):
            self._waiting.append(entry)
        else:
            yield entry.place, self._plan(entry, judged)

    def _check(self, spec: InferenceSpec, state: InferenceState | None) -> _Entry | None:
        """The entry as it is asked for, with what people say of it; None where it is wrong."""
        request = self.checker.check(spec)
        if request is None:
            return None
        self.shard.count(spec, request)
        request = self._reviewed.reseed(request, state, partial(self.checker.reseed, spec, request))
        spec = self._review(spec, request, state)
        approved = None
        if state is not None:
            request = request.known_as(state.fingerprint)
        elif approved := self._approved.find(spec, request):
            spec = replace(spec, verdict="approved")
        if spec.output and (shared := self._targets.claim(request)) is not None:
            self.checker.complain(spec, shared, "output")
        self._count += 1
        return _Entry(self._count - 1, spec, request, approved)

    def _review(
        self, spec: InferenceSpec, request: InferenceRequest, state: InferenceState | None
    ) -> InferenceSpec:
        """The entry with what people have said of what it made, as far as that counts now."""
        if self._reviewed.approves(state):
            return replace(spec, verdict="approved")
        same = state is not None and state.fingerprint in request.fingerprints
        if same and self._reviewed.buys_again(state):  # by another seed it is another request
            return replace(spec, verdict="rejected")
        return spec

    def _depends_on_others(
        self, entry: _Entry, state: InferenceState | None, judged: Decision | None
    ) -> bool:
        """Whether what other entries ask for may change what is done with this one."""
        if state is not None and entry.spec.id not in self._satisfied:
            return True  # what it has may go to another id
        if judged is not None and not wants_another(judged):
            return False
        return any(
            fingerprint in self._bought_here or self._sources.knows(fingerprint)
            for fingerprint in entry.request.fingerprints
        )

    def _rename(self) -> None:
        """Let entries have what was bought under ids that no longer ask for it."""
        wanting = [
            entry.request
            for entry in self._waiting
            if entry.spec.id not in self._satisfied and self._may_take(entry.spec)
        ]
        if not wanting:
            return
        holders = list_holders(self.states, self._satisfied)
        self.renames = find_renames(wanting, holders, self._sources.places)
        self.states, made_way = rename_states(self.states, self.renames)
        self._sources.shelve(made_way)
        for key in self.renames:
            self._sources.claim(self.states[key].fingerprint, self.states[key].number)

    def _may_take(self, spec: InferenceSpec) -> bool:
        """Whether the command line leaves it to us where an entry has its assets from."""
        state = self.states.get(spec.id)
        left_out = skip_unselected(spec, state, self._choices) is not None
        return not left_out and not is_asked_again(spec, state, self._choices)

    def _plan(self, entry: _Entry, judged: Decision | None = None) -> PlannedInference:
        """Decide on one inference whose params are right, and may have been judged already."""
        spec = entry.spec
        state, problems = self.states.get(spec.id), self.checker.problems
        request = entry.approved or self._sources.recognise(entry.request, state)
        try:
            request, trouble = self._take_up(spec, request), None
        except UsageError as error:
            trouble = error
        decision = decide(spec, request, state, self._choices, self._sources, judged)
        decision = self._reviewed.explain(decision, state)
        if spec.id in self.renames:
            decision = explain_rename(decision, self.renames[spec.id])
        anew = matches_any(self._choices.rebuy, spec, state)
        problems += warn_of_approved(spec, entry.approved or state, entry.request, left_out=anew)
        if trouble is not None and decision.action in DOES:
            self.checker.complain(spec, trouble, "model")
        request = self._fit_request(spec, request, decision, state)
        writes = spec.output and decision.action in DOES
        if writes and (obstacle := self._obstacles.find(request, state)) is not None:
            self.checker.complain(spec, obstacle, "output")
        if decision.action == "run":
            problems += warn_of_purchase(spec, request, self._today)
            self.checker.warn_of_repriced(spec, request.model)
        return PlannedInference(
            spec.id,
            spec.model,
            decision.action,
            decision.reason,
            request.estimate if decision.action == "run" else NOTHING,
            request,
            spec.max_cost,
            decision.local,
            decision.stays,
            spec.tags,
            self._find_paid(request, state),
            spec.places.source,
            spec.places.mark,
            spec.axes,
            self._find_asked(entry, request, state),
            self.shard.is_elsewhere(spec),
        )

    def _find_asked(
        self, entry: _Entry, request: InferenceRequest, state: InferenceState | None
    ) -> InferenceRequest | None:
        """What the entry asks for, where it has something else: kept, or rejected and there."""
        spec, asked = entry.spec, entry.request
        if self._reviewed.rejects(state):
            asked = self._reviewed.reseed(asked, None, partial(self.checker.reseed, spec, asked))
        return None if request.fingerprint == asked.fingerprint else asked

    def _find_paid(self, request: InferenceRequest, state: InferenceState | None) -> Decimal:
        known = self._record.shelf.get(request.restores, state)
        same = known is not None and known.fingerprint == request.fingerprint
        return known.paid if known is not None and (same or request.kept) else Decimal(0)

    def _fit_request(
        self,
        spec: InferenceSpec,
        request: InferenceRequest,
        decision: Decision,
        state: InferenceState | None,
    ) -> InferenceRequest:
        """The request as it is to be carried out, after what was decided."""
        unedited = decision.action == "restore" and matches_any(self._choices.restore, spec, state)
        known = self._record.shelf.get(decision.restores, state)
        same = known is not None and known.fingerprint == request.fingerprint
        number = known.number if known is not None and same else 0
        if decision.action == "run" and not number:
            number = self._sources.number_new(request.fingerprint)
        fit = (number or 1, decision.restores, decision.stored, unedited)
        if fit == (request.number, request.restores, request.stored, request.unedited):
            return request  # as nearly all are: 10,000 copies would be a tenth of an estimate
        return replace(
            request,
            number=number or 1,
            restores=decision.restores,
            stored=decision.stored,
            unedited=unedited,
            kept=request.kept or unedited,
        )

    def _take_up(self, spec: InferenceSpec, request: InferenceRequest) -> InferenceRequest:
        """Have what was bought under this id before brought home: it is paid for.

        Raises:
            UsageError: The model that it was bought from is not known any more.
        """
        state = self.states.get(spec.id)
        again = is_asked_again(spec, state, self._choices) and not is_under_way(request, state)
        if again:
            request = replace(request, again=True)
        if state is None:
            return request
        return take_up(spec, request, state, self.checker.registry, again=again)
