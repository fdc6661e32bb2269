"""An inference of a fleet as a row has it, and as a worker makes the request of it again.

A worker has no job file: the row's params are checked against its own templates, and where they
would ask for anything else, or cost anything else, than was planned, it buys nothing.
"""

from __future__ import annotations

import json
from dataclasses import replace
from decimal import Decimal
from functools import cache
from typing import TYPE_CHECKING, Any, Literal

from vidi.dollars import format_usd
from vidi.errors import RefusedError, UsageError
from vidi.inference.models.params.schema import check_params
from vidi.inference.models.prices.estimate import Estimate
from vidi.inference.models.remembered_prices import RememberedPrices
from vidi.inference.request import InferenceRequest, fingerprints_of, hash_file
from vidi.inference.tracking.journal.journal import dump_line
from vidi.inference.tracking.ledger.schema import usd_of
from vidi.runs.planning.plan import NOTHING, PlannedInference
from vidi.runs.planning.request import ASSUMED

if TYPE_CHECKING:
    from pathlib import Path

    from vidi.inference.models.params.checked import CheckedParams
    from vidi.inference.models.registry import ModelRegistry
    from vidi.inference.models.template import ModelInfo
    from vidi.inference.tracking.fleet.rows import Row
    from vidi.inference.tracking.journal.events import InferenceState

MEND = (
    "The worker has other templates or another vidi than the planner, or an input file differs: "
    "bring them in line, or plan the job anew with `vidi-run JOB_FILE --fleet`."
)
_UNBEGUN = frozenset({"new", "refused", "failed"})


class SpecWriter:
    """Describes requests for rows."""

    def __init__(self) -> None:
        self._prices = RememberedPrices()

    def describe(self, planned: PlannedInference, bought: int) -> str:
        """What a row has to say of an inference, as JSON.

        Args:
            planned: The inference.
            bought: How often it was begun before.
        """
        request = planned.request
        listed = self._prices.estimate(request.model, request.checked, request.timeout_s)
        return dump_line(
            {
                "model": request.model.id,
                "params": request.checked.params,
                "timeout_s": request.timeout_s,
                "attempts": request.attempts,
                "retry_on": request.retry_on,
                "cancel": request.cancel_at_deadline,
                "mark": request.mark,
                "number": request.number,
                "stored": request.stored,
                "kept": request.kept,
                "again_after": bought if request.again else None,
                "listed": _describe_price(listed),
                "tags": planned.tags,
            }
        )


class SpecReader:
    """Makes requests of rows, by a worker's own templates and files.

    Args:
        registry: The models.
        project: What the paths of input files are relative to.
        allow_outside: Whether input files may be outside of it.
    """

    def __init__(
        self, registry: ModelRegistry, project: Path, *, allow_outside: bool = False
    ) -> None:
        self._registry = registry
        self._project = project
        self._allow_outside = allow_outside
        self._prices = RememberedPrices()
        self._hash = cache(hash_file)

    def read(self, row: Row, state: InferenceState | None) -> PlannedInference:
        """What a row asks for, and what is to be done about it.

        Raises:
            RefusedError: This worker would ask for something else, or at another price.
        """
        request = self._make_request(row, state)
        action: Literal["run", "fetch"] = "run" if row.status in _UNBEGUN else "fetch"
        estimate = request.estimate if action == "run" else NOTHING
        local = bool(request.stored)
        return PlannedInference(
            row.id, request.model.id, action, "fleet", estimate, request, local=local
        )

    def _make_request(self, row: Row, state: InferenceState | None) -> InferenceRequest:
        spec: dict[str, Any] = json.loads(row.spec)
        model, checked, inputs = self._check(row, spec)
        fingerprints = fingerprints_of(model, checked, inputs)
        if row.fingerprint not in fingerprints:
            raise _refuse(row, "it asks for something else here")
        price = self._price(row, spec, model, checked)
        begun = 0 if state is None else len(state.charges)
        return InferenceRequest(
            id=row.id,
            model=model,
            checked=checked,
            estimate=price,
            reserve=price.high or Decimal(0),
            fingerprint=row.fingerprint,
            output=row.output,
            timeout_s=spec["timeout_s"],
            attempts=spec["attempts"],
            retry_on=spec["retry_on"],
            cancel_at_deadline=spec["cancel"],
            inputs=inputs,
            again=spec["again_after"] == begun,
            number=spec["number"],
            stored=spec["stored"],
            kept=spec["kept"],
            mark=spec["mark"],
            former=tuple(each for each in fingerprints if each != row.fingerprint),
        )

    def _check(
        self, row: Row, spec: dict[str, Any]
    ) -> tuple[ModelInfo, CheckedParams, dict[str, str]]:
        try:
            model = self._registry.get_template(spec["model"])
        except UsageError as error:
            raise _refuse(row, error.message) from error
        checked = check_params(
            model, spec["params"], base=self._project, allow_outside=self._allow_outside
        )
        if checked.errors:
            raise _refuse(row, checked.errors[0].message)
        return model, checked, {file.name: self._hash(file.path) for file in checked.files}

    def _price(
        self, row: Row, spec: dict[str, Any], model: ModelInfo, checked: CheckedParams
    ) -> Estimate:
        listed = self._prices.estimate(model, checked, spec["timeout_s"])
        if _describe_price(listed) != spec["listed"]:
            told = f"{format_usd(listed.low)} to {format_usd(listed.high)}"
            raise _refuse(row, f"it costs {told} here")
        planned = usd_of(row.reserve)  # what was billed before may have made it more
        if listed.high is None:
            return Estimate(planned, planned, ASSUMED)
        return replace(listed, high=planned) if planned > listed.high else listed


def _describe_price(price: Estimate) -> dict[str, str | None]:
    return {"low": str(price.low), "high": None if price.high is None else str(price.high)}


def _refuse(row: Row, why: str) -> RefusedError:
    return RefusedError(
        f"{row.id} is not as it was planned, so nothing of its shard is bought: {why}",
        hint=MEND,
    ).about(row.id)
