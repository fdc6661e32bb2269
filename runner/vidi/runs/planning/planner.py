"""How a plan is made: each entry checked, priced and decided on. Job files and models meet here."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from functools import cache, cached_property
from typing import TYPE_CHECKING

from vidi.errors import JobFileError, Problem, UsageError
from vidi.inference.lifecycle.place import AssetPlaces
from vidi.inference.models.cautions import list_cautions
from vidi.inference.models.params.schema import check_params
from vidi.inference.request import hash_file
from vidi.runs.planning.budgets import lower_budget
from vidi.runs.planning.cells import CellParams, trace
from vidi.runs.planning.decide import decide
from vidi.runs.planning.defaults import DefaultParams
from vidi.runs.planning.earlier import find_strays, keep_made, settle_first
from vidi.runs.planning.plan import NOTHING, Choices, Plan, PlannedInference
from vidi.runs.planning.problems import collect_problems, find_strange_limits
from vidi.runs.planning.reasons import is_under_way, was_made
from vidi.runs.planning.request import make_request
from vidi.runs.planning.selection import matches_any
from vidi.runs.planning.targets import Targets, find_obstacle

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from vidi.inference.models.params.checked import ParamProblem
    from vidi.inference.models.registry import ModelRegistry
    from vidi.inference.models.template import ModelInfo
    from vidi.inference.request import InferenceRequest
    from vidi.inference.tracking.journal.events import InferenceState
    from vidi.jobs.job import Job
    from vidi.jobs.spec import InferenceSpec


def make_plan(
    job: Job,
    registry: ModelRegistry,
    *,
    project: Path,
    folder: Path,
    states: Mapping[str, InferenceState],
    choices: Choices,
) -> Plan:
    """Check every inference of a job and say what would be done with each.

    Raises:
        JobFileError: The file has mistakes; it carries all of them, sorted by place.
    """
    planner = _Planner(registry, project, folder, states, choices)
    planner.allow_outside = job.files.allow_outside
    planned = []
    named: set[str] = set()
    for item in job.inferences():
        if isinstance(item, Problem):
            planner.problems.append(item)
            continue
        named.add(item.id)
        if (line := planner.plan(item)) is not None:
            planned.append(line)
    planner.problems += [*find_strays(job.path, named, states), *find_strange_limits(job)]
    problems = collect_problems(
        [*job.problems, *job.warnings, *planner.problems, *planner.defaults.problems()]
    )
    if any(problem.severity == "error" for problem in problems):
        raise JobFileError(problems)
    budget = lower_budget(job.budget, choices.budget)
    held = _sum_held(planned, states)
    unmatched = frozenset(planner.unmatched)
    gate = choices.gate or job.gate
    return Plan(job, folder, tuple(planned), budget, problems, held, unmatched, gate)


def _sum_held(planned: Sequence[PlannedInference], states: Mapping[str, InferenceState]) -> Decimal:
    known = (states[each.id] for each in planned if each.id in states)
    held = (state.reserved for state in known if state.doubtful or state.attached)
    return sum(held, Decimal(0))


def _is_said_already(spec: InferenceSpec, problem: ParamProblem) -> bool:
    """Whether a param seems to be missing only because it could not be rendered."""
    missing = {f"'{name}' is required" for name in spec.unknown}
    return problem.code == "missing-param" and not problem.path and problem.message in missing


class _Planner:
    """Plans one inference after another; what is wrong with any of them is in `problems`."""

    def __init__(
        self,
        registry: ModelRegistry,
        project: Path,
        folder: Path,
        states: Mapping[str, InferenceState],
        choices: Choices,
    ) -> None:
        self.problems: list[Problem] = []
        self.defaults = DefaultParams()
        self.allow_outside = False
        """Whether files outside of the project may be sent."""
        self._targets = Targets()
        self._registry = registry
        self._project = project
        self._folder = folder
        self._states = states
        self._choices = choices
        self._places = AssetPlaces(folder)
        self._hash = cache(hash_file)  # many entries may send the same file
        self.unmatched = {*choices.select, *choices.exclude, *choices.rebuy}
        """The selectors that have meant no inference so far."""

    def plan(self, spec: InferenceSpec) -> PlannedInference | None:
        """Check and price one inference; None where something is wrong with it."""
        state = self._states.get(spec.id)
        self.unmatched -= {each for each in self.unmatched if each.matches(spec, state)}
        request = self._check(spec)
        if request is None:
            return None
        try:
            request, trouble = self._take_up(spec, request), None
        except UsageError as error:
            trouble = error
        action, verdict = decide(spec, request, state, self._choices, self._places)
        if trouble is not None and action == "run":
            self._complain(spec, trouble, "model")
        if spec.output:
            self._check_targets(spec, request, will_write=action == "run")
        planned = PlannedInference(
            spec.id,
            spec.model,
            action,
            verdict.reason,
            request.estimate,
            request,
            spec.max_cost,
            verdict.free,
            verdict.local,
        )
        return planned if planned.buys else replace(planned, estimate=NOTHING)

    def _check(self, spec: InferenceSpec) -> InferenceRequest | None:
        """What would be asked for; None where something is wrong with it."""
        model = self._find_model(spec)
        if model is None:
            return None
        cells = CellParams(spec)
        params = cells.read(self.defaults.fit(spec, model), model.params)
        checked = check_params(model, params, base=self._project, allow_outside=self.allow_outside)
        found = [each for each in checked.problems if not _is_said_already(spec, each)]
        self.problems += [cells.locate(each) for each in found]
        if spec.unknown or any(each.severity == "error" for each in found):
            return None
        return make_request(spec, model, checked, self._hash)

    def _find_model(self, spec: InferenceSpec) -> ModelInfo | None:
        try:
            model = self._registry.get_template(spec.model)
        except UsageError as error:  # unknown, or its template is broken and says where
            self._complain(spec, error, "model")
            return None
        for caution in list_cautions(model, spec.model):
            self._warn(spec, *caution)
        return model

    def _take_up(self, spec: InferenceSpec, request: InferenceRequest) -> InferenceRequest:
        """Have what was bought under this id before brought home: it is paid for.

        Raises:
            UsageError: The model that it was bought from is not known any more.
        """
        state = self._states.get(spec.id)
        wanted = matches_any(self._choices.rebuy, spec, state)
        again = wanted and not is_under_way(request, state)
        request = replace(request, again=again)
        if state is None or not (state.unsettled or (spec.keep and was_made(state))):
            return request
        changed = state.fingerprint != request.fingerprint
        model = self._registry.get_template(state.model) if changed else request.model
        if spec.keep and not again:
            return keep_made(request, state, model)
        if state.unsettled and (changed or again):
            return settle_first(request, state, model)
        return request

    @cached_property
    def _owned(self) -> frozenset[str]:
        """Every path that the journal says vidi made."""
        return frozenset(path for state in self._states.values() for path in state.owned)

    def _check_targets(
        self, spec: InferenceSpec, request: InferenceRequest, *, will_write: bool
    ) -> None:
        obstacle: UsageError | None = self._targets.claim(request)
        if obstacle is None and will_write:
            obstacle = find_obstacle(
                request,
                self._folder,
                self._states.get(spec.id),
                owned=self._owned,
                overwrite=self._choices.overwrite,
            )
        if obstacle is not None:
            self._complain(spec, obstacle, "output")

    def _complain(self, spec: InferenceSpec, error: UsageError, key: str) -> None:
        """Note what is wrong with the value of a key; the error may know a better place."""
        place = error.place or spec.places.of_value(key)
        problem = Problem(
            error.code,
            error.message,
            place,
            error.hint,
            (spec.id,),
            excerpt=spec.places.excerpt(place),
        )
        self.problems.append(problem if error.place else trace(problem, spec, (key,)))

    def _warn(self, spec: InferenceSpec, code: str, message: str, hint: str = "") -> None:
        place = spec.places.of_value("model")
        excerpt = spec.places.excerpt(place)
        self.problems.append(
            Problem(code, message, place, hint, (spec.id,), severity="warning", excerpt=excerpt)
        )
