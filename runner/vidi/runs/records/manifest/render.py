"""`manifest.json`: what was made, from what, for how much; rendered from plan and journal."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING

from vidi.inference.lifecycle.post import describe_error
from vidi.inference.models.prices.money import json_number
from vidi.inference.tracking.journal.events import InferenceState
from vidi.version import __version__

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from vidi.inference.lifecycle.carry_out import Outcome
    from vidi.inference.tracking.journal.events import AssetRecord
    from vidi.runs.planning.plan import Plan, PlannedInference
    from vidi.runs.records.manifest.shape import (
        AssetShape,
        CostShape,
        CostsShape,
        InferenceShape,
        Manifest,
        TotalShape,
        TotalsShape,
    )

SCHEMA_VERSION = 1
MADE = frozenset({"succeeded", "unchanged"})
OPEN = frozenset({"in_doubt", "unfinished"})


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
    rows = [
        _render_inference(planned, states.get(planned.id), outcomes.get(planned.id), facts)
        for planned in plan.inferences
    ]
    reserves = {planned.id: planned.request.reserve for planned in plan.inferences}
    return {
        "schema_version": SCHEMA_VERSION,
        "vidi_version": __version__,
        "sandbox": facts.sandbox,
        "run": {
            "id": facts.id,
            "status": facts.status,
            "exit_code": facts.exit_code,
            "started_at": _write_moment(facts.started_at),
            "finished_at": _iso(facts.finished_at),
            "job_file": plan.job.path.as_posix(),
            "job_sha256": plan.job.sha256,
            "vars": dict(facts.variables),
        },
        "budget_usd": _usd(plan.budget),
        "cost_usd": _sum_costs(plan, rows, reserves),
        "inferences": rows,
        "totals": _count(rows, reserves),
    }


def _render_inference(
    planned: PlannedInference,
    state: InferenceState | None,
    outcome: Outcome | None,
    facts: RunFacts,
) -> InferenceShape:
    known = state or InferenceState(id=planned.id)
    ours = known.run == facts.id
    status = _status_of(planned, known, outcome)
    return {
        "id": planned.id,
        "model": planned.model,
        "status": status,
        "reason": planned.reason,
        "params": dict(known.params) if known.params else planned.request.described_params(),
        "fingerprint": known.fingerprint or planned.request.fingerprint,
        "request_id": known.request_id,
        "attempts": known.attempts,
        "submitted_at": _iso(known.submitted_at),
        "completed_at": _iso(known.completed_at),
        "duration_s": _duration(known),
        "cost_usd": _render_cost(planned, known, ours=ours),
        "assets": [_render_asset(asset) for asset in known.assets],
        "error": None if status in MADE else _render_error(known, outcome),
    }


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
    return {
        "estimated_low": _usd(low),
        "estimated_high": _usd(high),
        "actual": _usd(state.spent) if ours else 0,
        "basis": state.basis if ours else "none",
    }


def _render_asset(asset: AssetRecord) -> AssetShape:
    shown: AssetShape = {
        "path": asset.path,
        "sha256": asset.sha256,
        "bytes": asset.bytes,
        "content_type": asset.content_type,
        "width": asset.width,
        "height": asset.height,
        "duration_s": None if asset.duration_s is None else json_number(asset.duration_s),
        "replaced": asset.replaced,
    }
    if asset.warning:
        shown["warning"] = asset.warning
    return shown


def _render_error(state: InferenceState, outcome: Outcome | None) -> Mapping[str, str] | None:
    if outcome is not None and outcome.error is not None:
        return describe_error(outcome.error)
    return state.error


def _sum_costs(
    plan: Plan, rows: list[InferenceShape], reserves: Mapping[str, Decimal]
) -> CostsShape:
    return {
        "estimated_low": _usd(plan.low),
        "estimated_high": _usd(plan.high),
        "actual": json_number(_sum_actual(rows)),
        "in_doubt": json_number(_sum_reserves(rows, reserves, OPEN)),
        "saved": json_number(_sum_reserves(rows, reserves, frozenset({"unchanged"}))),
    }


def _count(rows: list[InferenceShape], reserves: Mapping[str, Decimal]) -> TotalsShape:
    models: dict[str, list[InferenceShape]] = {}
    providers: dict[str, list[InferenceShape]] = {}
    for row in rows:
        models.setdefault(row["model"], []).append(row)
        providers.setdefault(row["model"].partition("/")[0], []).append(row)
    return {
        "by_status": dict(Counter(row["status"] for row in rows)),
        "by_model": {model: _total(group, reserves) for model, group in models.items()},
        "by_provider": {name: _total(group, reserves) for name, group in providers.items()},
    }


def _total(rows: list[InferenceShape], reserves: Mapping[str, Decimal]) -> TotalShape:
    return {
        "inferences": len(rows),
        "assets": sum(len(row["assets"]) for row in rows),
        "actual_usd": json_number(_sum_actual(rows)),
        "in_doubt_usd": json_number(_sum_reserves(rows, reserves, OPEN)),
    }


def _sum_actual(rows: list[InferenceShape]) -> Decimal:
    return sum((Decimal(str(row["cost_usd"]["actual"])) for row in rows), Decimal(0))


def _sum_reserves(
    rows: list[InferenceShape], reserves: Mapping[str, Decimal], statuses: frozenset[str]
) -> Decimal:
    return sum((reserves[row["id"]] for row in rows if row["status"] in statuses), Decimal(0))


def _duration(state: InferenceState) -> float | None:
    if state.submitted_at is None or state.completed_at is None:
        return None
    seconds = (state.completed_at - state.submitted_at).total_seconds()
    return round(seconds, 3) if seconds >= 0 else None  # the clock was set back meanwhile


def _usd(amount: Decimal | None) -> int | float | None:
    return None if amount is None else json_number(amount)


def _iso(moment: datetime | None) -> str | None:
    return None if moment is None else _write_moment(moment)


def _write_moment(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds")
