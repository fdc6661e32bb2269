"""What the rows of a manifest add up to, a row at a time. Amounts are USD."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING

from vidi.inference.models.prices.money import json_number

if TYPE_CHECKING:
    from collections.abc import Iterable

    from vidi.runs.records.manifest.shape import InferenceShape, TotalShape, TotalsShape, Usd

OPEN = frozenset({"in_doubt", "unfinished"})


@dataclass(slots=True)
class _Total:
    """What the rows of one model or provider add up to."""

    inferences: int = 0
    assets: int = 0
    actual: Decimal = Decimal(0)
    in_doubt: Decimal = Decimal(0)

    def to_json(self) -> TotalShape:
        """As the manifest has it."""
        return {
            "inferences": self.inferences,
            "assets": self.assets,
            "actual_usd": json_number(self.actual),
            "in_doubt_usd": json_number(self.in_doubt),
        }


@dataclass(slots=True)
class Sums:
    """Rows counted by how they ended, and added up; by model and provider too."""

    low: Decimal = Decimal(0)
    """What they were to cost at least."""
    reserved: Decimal = Decimal(0)
    """The most that they were to cost."""
    actual: Decimal = Decimal(0)
    """What the run has spent."""
    in_doubt: Decimal = Decimal(0)
    """What was set aside for those that may still be billed."""
    saved: Decimal = Decimal(0)
    """What those would have cost that were there already."""
    paid: Decimal = Decimal(0)
    """What has been paid, over all runs, for what is there now."""
    _statuses: Counter[str] = field(default_factory=Counter)
    _models: dict[str, _Total] = field(default_factory=dict)
    _providers: dict[str, _Total] = field(default_factory=dict)

    def add(self, row: InferenceShape, reserve: Decimal) -> None:
        """Take one more row in.

        Args:
            row: The row.
            reserve: The most that it was to cost.
        """
        status, model, cost = row["status"], row["model"], row["cost_usd"]
        actual = _read_usd(cost["actual"])
        in_doubt = reserve if status in OPEN else Decimal(0)
        self.low += _read_usd(cost["estimated_low"])
        self.reserved += reserve
        self.actual += actual
        self.in_doubt += in_doubt
        self.saved += reserve if status == "unchanged" else 0
        self.paid += _read_usd(cost["paid"])
        self._statuses[status] += 1
        provider = model.partition("/")[0]
        for totals, name in ((self._models, model), (self._providers, provider)):
            total = totals.setdefault(name, _Total())
            total.inferences += 1
            total.assets += len(row["assets"])
            total.actual += actual
            total.in_doubt += in_doubt

    @property
    def totals(self) -> TotalsShape:
        """The counts, as the manifest has them."""
        return {
            "by_status": dict(self._statuses),
            "by_model": {model: total.to_json() for model, total in self._models.items()},
            "by_provider": {name: total.to_json() for name, total in self._providers.items()},
        }


def add_up(rows: Iterable[tuple[InferenceShape, Decimal]]) -> Sums:
    """The sums of all these rows, each with the most that it was to cost."""
    sums = Sums()
    for row, reserve in rows:
        sums.add(row, reserve)
    return sums


def _read_usd(amount: Usd | None) -> Decimal:
    return Decimal(str(amount or 0))
