"""An entry checked against its model and priced: the request that it is, or its mistakes."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from vidi.errors import UsageError
from vidi.inference.models.cautions import list_cautions, tell_repriced
from vidi.inference.models.params.schema import check_params
from vidi.inference.models.remembered_prices import RememberedPrices
from vidi.inference.request import hash_file
from vidi.known_secrets import remember_secrets
from vidi.runs.planning.cells import CellParams
from vidi.runs.planning.complaints import complain, warn
from vidi.runs.planning.deciding.reviewed import with_seed
from vidi.runs.planning.defaults import DefaultParams
from vidi.runs.planning.problems import collect_problems
from vidi.runs.planning.request import make_request
from vidi.runs.planning.secrets import find_fed_secrets

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path

    from vidi.errors import Problem
    from vidi.inference.models.params.checked import ParamProblem
    from vidi.inference.models.registry import ModelRegistry
    from vidi.inference.models.template import ModelInfo
    from vidi.inference.request import InferenceRequest
    from vidi.inference.tracking.bills import PastBills
    from vidi.jobs.job import Job
    from vidi.jobs.spec import InferenceSpec


MOST_MISTAKES = 1000
"""Of a job of which nothing is kept: with more, its other entries are not looked at."""


class EntryChecker:
    """Checks one entry after another; what is wrong with any of them is in `problems`.

    Args:
        job: Whose entries they are.
        registry: The models.
        project: What paths are relative to.
        bills: What was billed before; None where nobody knows.
    """

    def __init__(
        self, job: Job, registry: ModelRegistry, project: Path, bills: PastBills | None
    ) -> None:
        self.registry = registry
        self.problems: list[Problem] = []
        self.secrets: set[str] = set()
        """Params that are secrets, and what they are made from."""
        self._job = job
        self._project = project
        self._prices = RememberedPrices(bills.adjust if bills is not None else None)
        self._defaults = DefaultParams()
        self._hash = cache(hash_file)  # many entries may send the same file
        self._fold_at = MOST_MISTAKES
        self._repriced: dict[str, str | None] = {}
        """The project's folder that has the price of each model, where it is not vidi's own."""

    def has_enough(self) -> bool:
        """Whether there are as many mistakes as anybody reads; what is said of many is joined.

        For who keeps nothing of a job: a problem for each of a million would be as much again.
        """
        if len(self.problems) <= self._fold_at:
            return False
        self.problems[:] = collect_problems(self.problems, MOST_MISTAKES)
        self._fold_at = len(self.problems) + MOST_MISTAKES
        return sum(each.severity == "error" for each in self.problems) >= MOST_MISTAKES

    @property
    def all_secrets(self) -> frozenset[str]:
        """Texts that are secrets, of all that has been checked so far, and of the job."""
        return self._job.secrets | self.secrets

    def keep_secrets(self, others: Collection[str]) -> None:
        """Keep the secrets of the entries, and others, out of all that is told from now on."""
        self.secrets.update(others)
        remember_secrets(self.secrets)

    def check(self, spec: InferenceSpec) -> InferenceRequest | None:
        """What would be asked for; None where something is wrong with it."""
        model = self._find_model(spec)
        if model is None or not spec.readable:
            return None
        self.secrets.update(find_fed_secrets(spec, model.params, self._job.vars))
        cells = CellParams(spec)
        params = cells.read(self._defaults.fit(spec, model), model.params)
        checked = check_params(
            model, params, base=self._project, allow_outside=self._job.files.allow_outside
        )
        found = [each for each in checked.problems if not _is_said_already(spec, each)]
        self.problems += [cells.locate(each) for each in found]
        if spec.unknown or any(each.severity == "error" for each in found):
            return None
        return make_request(spec, model, checked, self._hash, self._prices)

    def reseed(self, spec: InferenceSpec, request: InferenceRequest, seed: int) -> InferenceRequest:
        """The same request by another seed."""
        checked = with_seed(request.checked, seed)
        return make_request(spec, request.model, checked, self._hash, self._prices)

    def list_problems(self) -> list[Problem]:
        """Everything that was found, with what is wrong with the defaults."""
        return [*self.problems, *self._defaults.problems()]

    def complain(self, spec: InferenceSpec, error: UsageError, key: str) -> None:
        """Note a mistake at a key of an entry."""
        self.problems.append(complain(spec, error, key))

    def warn_of_repriced(self, spec: InferenceSpec, model: ModelInfo) -> None:
        """Say where the project's own templates price a shipped model."""
        if model.id not in self._repriced:
            self._repriced[model.id] = self._find_repriced(model)
        if (named := self._repriced[model.id]) is not None:
            self.problems.append(warn(spec, *tell_repriced(model, named)))

    def _find_model(self, spec: InferenceSpec) -> ModelInfo | None:
        try:
            model = self.registry.get_template(spec.model)
        except UsageError as error:  # unknown, or its template is broken and says where
            self.complain(spec, error, "model")
            return None
        self.problems += [warn(spec, *caution) for caution in list_cautions(model, spec.model)]
        return model

    def _find_repriced(self, model: ModelInfo) -> str | None:
        """The project's folder that has the price of a shipped model, as people write it."""
        folder = self.registry.find_repriced(model)
        if folder is None:
            return None
        return "./templates" if folder == self._project / "templates" else folder.as_posix()


def _is_said_already(spec: InferenceSpec, problem: ParamProblem) -> bool:
    """Whether a param seems to be missing only because it could not be rendered."""
    missing = {f"'{name}' is required" for name in spec.unknown}
    return problem.code == "missing-param" and not problem.path and problem.message in missing
