"""The manifest of a run that left none: a kill came first, and the journal has it all."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from vidi.inference.models.prices.money import json_number
from vidi.runs.records.manifest.parts import (
    measure_duration,
    read_seed,
    render_asset,
    write_time,
    write_usd,
)
from vidi.runs.records.manifest.schema import SCHEMA_VERSION
from vidi.runs.records.manifest.sums import add_up
from vidi.runs.status_words import STATUS_WORDS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from vidi.inference.tracking.journal.events import InferenceState
    from vidi.inference.tracking.journal.journal import Journal
    from vidi.runs.records.manifest.shape import InferenceShape, Manifest


def render_journal(journal: Journal) -> Manifest | None:
    """What the journal knows, as the manifest of its last run; None where it knows of none.

    What that run had not begun is not in it, as only the job file knows of it.
    """
    header = journal.header
    if header is None:
        return None
    states = [state for state in journal.states.values() if state.fingerprint]
    rows = [render_state(state, header["run"]) for state in states]
    sums = add_up(zip(rows, (state.reserved for state in states), strict=True))
    return {
        "schema_version": SCHEMA_VERSION,
        "vidi_version": header.get("vidi_version", ""),
        "sandbox": bool(header.get("sandbox")),
        "run": {
            "id": header["run"],
            "status": "interrupted",
            "exit_code": None,
            "started_at": header["ts"],
            "finished_at": None,
            "job_file": header["job_file"],
            "job_sha256": header.get("job_sha256", ""),
            "vars": header.get("vars", {}),
        },
        "budget_usd": header.get("budget_usd"),
        "cost_usd": {
            "estimated_low": json_number(_sum(state.estimated_low for state in states)),
            "estimated_high": json_number(_sum(state.estimated_high or 0 for state in states)),
            "actual": json_number(sums.actual),
            "in_doubt": json_number(sums.in_doubt),
            "saved": 0,
            "paid": json_number(sums.paid),
        },
        "inferences": rows,
        "totals": sums.totals,
    }


def render_state(state: InferenceState, run: str) -> InferenceShape:
    """What the journal says of one inference, as a row of the manifest of a run."""
    ours = state.run == run
    return {
        "id": state.id,
        "model": state.model,
        "status": STATUS_WORDS.get(state.status, state.status),
        "reason": "",
        "params": dict(state.params),
        "fingerprint": state.fingerprint,
        "request_id": state.request_id,
        "attempts": state.attempts,
        "submitted_at": write_time(state.submitted_at),
        "completed_at": write_time(state.completed_at),
        "duration_s": measure_duration(state),
        "cost_usd": {
            "estimated_low": json_number(state.estimated_low),
            "estimated_high": write_usd(state.estimated_high),
            "actual": write_usd(state.spent) if ours else 0,
            "basis": state.basis if ours else "none",
            "paid": json_number(state.paid),
            "paid_basis": state.paid_basis,
        },
        "tags": [],
        "seed": read_seed(state.output, state.params),
        "assets": [render_asset(asset) for asset in state.assets],
        "error": None if state.status == "succeeded" else state.error,
    }


def _sum(amounts: Iterable[Decimal | int]) -> Decimal:
    return sum(map(Decimal, amounts), Decimal(0))
