"""What something costs, as a triple: the least, the likely and the most; summed and subtracted."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

from vidi.runs.planning.budgets import sum_up

if TYPE_CHECKING:
    from collections.abc import Iterable

    from vidi.inference.models.prices.estimate import Estimate


@dataclass(frozen=True, slots=True)
class Amounts:
    """US dollars; None where nobody can say. A difference may be below zero."""

    low: Decimal | None = Decimal(0)
    expected: Decimal | None = Decimal(0)
    high: Decimal | None = Decimal(0)

    def __sub__(self, other: Amounts) -> Amounts:
        return Amounts(
            _subtract(self.low, other.low),
            _subtract(self.expected, other.expected),
            _subtract(self.high, other.high),
        )

    def to_json(self) -> dict[str, Decimal | None]:
        """As the answers of commands hold it."""
        return {"low": self.low, "expected": self.expected, "high": self.high}


UNKNOWN = Amounts(None, None, None)
"""What a job file costs that has mistakes."""


def amounts_of(price: Estimate) -> Amounts:
    """An estimate; it is in whole micro-dollars, so that what is shown adds up."""
    return Amounts(price.low, price.expected, price.high)


def total(amounts: Iterable[Amounts]) -> Amounts:
    """The sum of some amounts; what is unknown of one of them is unknown of the whole."""
    every = list(amounts)
    return Amounts(
        sum_up(each.low for each in every),
        sum_up(each.expected for each in every),
        sum_up(each.high for each in every),
    )


def _subtract(after: Decimal | None, before: Decimal | None) -> Decimal | None:
    return None if after is None or before is None else after - before
