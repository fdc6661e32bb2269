"""Price rows: which one is in force on a day, and what it makes of one inference."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, NamedTuple

from vidi.inference.models.prices.intervals import (
    Interval,
    add,
    exactly,
    largest,
    rounded,
    unknown,
)
from vidi.inference.models.prices.lines import Priced, price_line

if TYPE_CHECKING:
    from datetime import date

    from vidi.inference.models.price_rules import PriceRow, Pricing
    from vidi.inference.models.prices.facts import Facts


class PricedRow(NamedTuple):
    """The lines that count, and the exact total in USD."""

    lines: tuple[Priced, ...]
    total: Interval


def row_in_force(pricing: Pricing, on: date) -> PriceRow | str:
    """The price row of a day, or the reason why there is none."""
    rows = pricing.get("rows", ())
    if not rows:
        return "no price is known for this model"
    day = on.isoformat()
    # A month such as 2026-05 sorts before each of its days.
    in_force = [row for row in rows if row["from"] <= day <= row.get("until", day)]
    return in_force[-1] if in_force else f"no price is known for {day}"


def price_row(row: PriceRow, facts: Facts) -> PricedRow:
    """Apply a row: its lines summed, then the minimum, then the rounding of the total."""
    if "unpriced" in row:
        return PricedRow((), unknown(row["unpriced"]))
    every = (price_line(rule, facts) for rule in row["lines"])
    lines = tuple(line for line in every if line is not None)
    return PricedRow(lines, whole(row, add(line.amount for line in lines)))


def whole(row: PriceRow, total: Interval) -> Interval:
    """A sum of lines with what a row says of the total: a minimum, a rounding."""
    if "minimum_usd" in row:
        total = largest((total, exactly(row["minimum_usd"])))
    if "round_total_up_to_usd" in row:
        total = rounded(total, "up", Decimal(row["round_total_up_to_usd"]))
    return total
