"""What the table of an estimate says of prices that are old, of low confidence, or of the past."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from vidi.cli.display.problems import name_some
from vidi.inference.models.prices.standing import price_standing

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vidi.inference.models.prices.standing import PriceStanding
    from vidi.runs.planning.plan import Plan, PlannedInference

MARK = " !"
"""Behind an estimate that something is to be said of."""


def standing_of(planned: PlannedInference) -> PriceStanding:
    """How far the price of an inference may be trusted today."""
    return price_standing(planned.request.model, datetime.now(UTC).date())


def mark_of(planned: PlannedInference) -> str:
    """The mark behind its estimate; empty where nothing is to be said, or nothing is bought."""
    return MARK if planned.buys and any(_say(planned)) else ""


def describe_marks(plan: Plan) -> list[str]:
    """A line for each thing that is to be said, with the inferences that it is said of."""
    said: dict[str, list[str]] = {}
    for planned in plan.to_run:
        for text in _say(planned) if planned.buys else ():
            said.setdefault(text, []).append(planned.id)
    return [f" {MARK} {name_some(names)}: {text}" for text, names in said.items()]


def _say(planned: PlannedInference) -> Iterator[str]:
    model, standing = planned.request.model, standing_of(planned)
    if standing.low:
        yield "price of low confidence"
    if standing.stale:
        yield f"price last read {standing.as_of}, {standing.age_days} days ago"
    if model.retired:
        yield f"retired: {model.retired}"
