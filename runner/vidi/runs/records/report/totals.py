"""The inferences of a page, counted and added up."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING

from vidi.runs.records.manifest.schema import INFERENCE_STATUSES

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from vidi.runs.records.manifest.shape import InferenceShape, Manifest, TotalShape


@dataclass(frozen=True, slots=True)
class Total:
    """The inferences that share a status, a model, a provider, a tag or a week."""

    name: str
    inferences: int
    assets: int
    cost: Decimal
    """USD: what this run has settled by status, model and provider; else what was ever paid."""
    in_doubt: Decimal | None = None
    """USD that stay reserved; None where the manifest does not say."""


@dataclass(frozen=True, slots=True)
class Bar:
    """How much of the budget is used, in percent of the bar's length."""

    spent: float
    in_doubt: float


def sum_up_statuses(inferences: Iterable[InferenceShape]) -> list[Total]:
    """Group by status, from what went well to what was not tried, and add up."""
    groups: dict[str, list[InferenceShape]] = {}
    for inference in inferences:
        groups.setdefault(inference["status"], []).append(inference)
    return [
        Total(
            name=status,
            inferences=len(groups[status]),
            assets=_count_assets(groups[status]),
            cost=sum((_read_actual(inference) for inference in groups[status]), Decimal(0)),
        )
        for status in INFERENCE_STATUSES
        if status in groups
    ]


def read_totals(totals: Mapping[str, TotalShape]) -> list[Total]:
    """Read the totals by model or by provider, as the manifest has them."""
    return [
        Total(
            name=name,
            inferences=total["inferences"],
            assets=total["assets"],
            cost=Decimal(str(total["actual_usd"])),
            in_doubt=Decimal(str(total["in_doubt_usd"])),
        )
        for name, total in totals.items()
    ]


def sum_up_paid(groups: Mapping[str, list[InferenceShape]]) -> list[Total]:
    """Add up what has been paid, over all runs, for what each group has now."""
    return [
        Total(
            name=name,
            inferences=len(rows),
            assets=_count_assets(rows),
            cost=sum((Decimal(str(row["cost_usd"]["paid"])) for row in rows), Decimal(0)),
        )
        for name, rows in groups.items()
    ]


def group_by_tag(inferences: Iterable[InferenceShape]) -> dict[str, list[InferenceShape]]:
    """Inferences by tag: one with two tags is in both groups."""
    groups: dict[str, list[InferenceShape]] = {}
    for row in inferences:
        for tag in row["tags"]:
            groups.setdefault(tag, []).append(row)
    return dict(sorted(groups.items()))


def group_by_week(inferences: Iterable[InferenceShape]) -> dict[str, list[InferenceShape]]:
    """Inferences by the ISO week in which they were completed, such as 2026-W48."""
    groups: dict[str, list[InferenceShape]] = {}
    for row in inferences:
        if row["completed_at"]:
            year, week, _ = datetime.fromisoformat(row["completed_at"]).isocalendar()
            groups.setdefault(f"{year}-W{week:02}", []).append(row)
    return dict(sorted(groups.items()))


def measure_bar(manifest: Manifest) -> Bar | None:
    """Measure what is spent and what is in doubt against the budget; None without a budget."""
    if not manifest["budget_usd"]:
        return None
    cap, spent, in_doubt = (
        float(amount)
        for amount in (
            manifest["budget_usd"],
            manifest["cost_usd"]["actual"],
            manifest["cost_usd"]["in_doubt"],
        )
    )
    percent = 100 / max(cap, spent + in_doubt)
    return Bar(spent=round(spent * percent, 2), in_doubt=round(in_doubt * percent, 2))


def _count_assets(rows: Iterable[InferenceShape]) -> int:
    return sum(len(row["assets"]) for row in rows)


def _read_actual(inference: InferenceShape) -> Decimal:
    return Decimal(str(inference["cost_usd"]["actual"] or 0))
