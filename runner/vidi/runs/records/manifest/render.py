"""`manifest.json`: what was made, from what, for how much; rendered from plan and journal."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from functools import lru_cache
from typing import TYPE_CHECKING

from vidi.inference.lifecycle.post import describe_error
from vidi.inference.models.prices.money import json_number
from vidi.inference.tracking.journal.events import InferenceState
from vidi.runs.records.manifest.parts import (
    measure_duration,
    read_axes,
    read_scalars,
    read_seed,
    render_asset,
    write_moment,
    write_time,
    write_usd,
)
from vidi.runs.records.manifest.rows import MOST_KEPT, Rows
from vidi.runs.records.manifest.schema import SCHEMA_VERSION
from vidi.runs.records.manifest.sums import add_up
from vidi.version import __version__

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from vidi.inference.lifecycle.carry_out import Outcome
    from vidi.runs.planning.plan import Plan, PlannedInference
    from vidi.runs.records.manifest.shape import (
        CostShape,
        CostsShape,
        InferenceShape,
        Manifest,
    )
    from vidi.runs.records.manifest.sums import Sums

MADE = frozenset({"succeeded", "unchanged"})


@dataclass(frozen=True, slots=True)
class RunFacts:
    """What is to be said of the run as a whole."""

    id: str
    started_at: datetime
    sandbox: bool
    status: str = "interrupted"
    """succeeded, partial, failed or interrupted; the last until the run has ended."""
    exit_code: int | None = None
    finished_at: datetime | None = None
    variables: Mapping[str, object] = field(default_factory=dict)


def render_manifest(
    plan: Plan,
    states: Mapping[str, InferenceState],
    outcomes: Mapping[str, Outcome],
    facts: RunFacts,
) -> Manifest:
    """The manifest as JSON values: a pure function of the plan and of what became of it."""

    def make_row(place: int) -> InferenceShape:
        planned = plan.inferences[place]
        return _render_inference(planned, states.get(planned.id), outcomes.get(planned.id), facts)

    count = len(plan.inferences)
    rows = Rows(count, make_row, kept=MOST_KEPT if plan.to_run else count)
    reserves = (planned.request.reserve for planned in plan.inferences)
    sums = add_up(zip(rows, reserves, strict=True))
    return {
        "schema_version": SCHEMA_VERSION,
        "vidi_version": __version__,
        "sandbox": facts.sandbox,
        "run": {
            "id": facts.id,
            "status": facts.status,
            "exit_code": facts.exit_code,
            "started_at": write_moment(facts.started_at),
            "finished_at": write_time(facts.finished_at),
            "job_file": plan.job.path.as_posix(),
            "job_sha256": plan.job.sha256,
            "vars": dict(facts.variables),
        },
        "budget_usd": write_usd(plan.budget),
        "cost_usd": _write_costs(plan, sums),
        "inferences": rows,
        "totals": sums.totals,
    }


def _render_inference(
    planned: PlannedInference,
    state: InferenceState | None,
    outcome: Outcome | None,
    facts: RunFacts,
) -> InferenceShape:
    known = state or InferenceState(id=planned.id)
    output, asked = known.output, planned.request.checked.params
    ours = known.run == facts.id
    status = _status_of(planned, known, outcome)
    shown: InferenceShape = {
        "id": planned.id,
        "model": planned.model,
        "status": status,
        "reason": planned.reason,
        "params": known.params or planned.request.described_params(),
        "fingerprint": known.fingerprint or planned.request.fingerprint,
        "request_id": known.request_id,
        "attempts": known.attempts,
        "submitted_at": write_time(known.submitted_at),
        "completed_at": write_time(known.completed_at),
        "duration_s": measure_duration(known),
        "cost_usd": _render_cost(planned, known, ours=ours),
        "tags": list(planned.tags),
        "seed": read_seed(output, known.params, asked),
        "assets": [render_asset(asset) for asset in known.assets],
        "error": None if status in MADE else _render_error(known, outcome),
    }
    if axes := read_axes(planned.axes):
        shown["axes"] = axes
    if scalars := read_scalars(output):
        shown["answer"] = scalars
    return shown


def _status_of(planned: PlannedInference, state: InferenceState, outcome: Outcome | None) -> str:
    if outcome is not None:
        return outcome.status
    if planned.action == "unchanged":
        return "unchanged"
    if planned.stays is not None:
        return planned.stays
    if state.doubtful:
        return "in_doubt"
    return "unfinished" if state.attached else "skipped"


def _render_cost(planned: PlannedInference, state: InferenceState, *, ours: bool) -> CostShape:
    if planned.action == "run":
        low, high = planned.estimate.low, planned.estimate.high
    else:
        low, high = Decimal(0), Decimal(0)
    spent, basis = (state.spent, state.basis) if ours else (Decimal(0), "none")
    return _write_cost(
        low, high, spent, basis, state.paid, state.paid_basis, state.drift if ours else ""
    )


@lru_cache(maxsize=1024)
def _write_cost(
    low: Decimal | None,
    high: Decimal | None,
    spent: Decimal,
    basis: str | None,
    paid: Decimal,
    paid_basis: str | None,
    drift: str,
) -> CostShape:
    """A cost as JSON values: thousands of rows have few of them, and each is in memory once."""
    shown: CostShape = {
        "estimated_low": write_usd(low),
        "estimated_high": write_usd(high),
        "actual": write_usd(spent),
        "basis": basis,
        "paid": json_number(paid),
        "paid_basis": paid_basis,
    }
    if drift:
        shown["warning"] = drift
    return shown


def _render_error(state: InferenceState, outcome: Outcome | None) -> Mapping[str, str] | None:
    if outcome is not None and outcome.error is not None:
        return describe_error(outcome.error)
    return state.error


def _write_costs(plan: Plan, sums: Sums) -> CostsShape:
    return {
        "estimated_low": write_usd(plan.low),
        "estimated_high": write_usd(plan.high),
        "actual": json_number(sums.actual),
        "in_doubt": json_number(sums.in_doubt),
        "saved": json_number(sums.saved),
        "paid": json_number(sums.paid),
    }
