"""What an inference will cost, and what it has cost. docs/prices.md is the language."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING

from vidi.inference.models.prices.estimate import (
    Actual,
    Basis,
    Estimate,
    MediaFacts,
    Metered,
    PriceLine,
)
from vidi.inference.models.prices.facts import Facts
from vidi.inference.models.prices.intervals import ZERO, exactly
from vidi.inference.models.prices.metering import is_near
from vidi.inference.models.prices.money import to_micro, up_to_micro
from vidi.inference.models.prices.rates import COUNTED
from vidi.inference.models.prices.rows import price_row, row_in_force, whole

if TYPE_CHECKING:
    from vidi.inference.models.params.checked import CheckedParams
    from vidi.inference.models.price_rules import PriceRow
    from vidi.inference.models.prices.intervals import Interval
    from vidi.inference.models.prices.rates import Rate
    from vidi.inference.models.prices.rows import PricedRow
    from vidi.inference.models.template import ModelInfo

__all__ = ["Actual", "Estimate", "MediaFacts", "Metered", "PriceLine", "estimate", "settle"]


def estimate(
    model: ModelInfo,
    checked: CheckedParams,
    *,
    on: date | None = None,
    timeout_s: Decimal | float | None = None,
) -> Estimate:
    """What an inference will cost.

    Args:
        model: The model, with its price rows.
        checked: The checked params.
        on: The day whose prices hold; today (UTC) unless given.
        timeout_s: The inference's deadline in seconds, where it is not the template's: what
            bounds a price by compute second.
    """
    row = row_in_force(model.pricing, on or _today())
    if isinstance(row, str):
        return Estimate(low=Decimal(0), high=None, reason=row)
    priced = price_row(row, _facts(model, checked, row, timeout_s=timeout_s))
    low, high = up_to_micro(priced.total.low), _up(priced.total.high)
    return Estimate(
        low=low,
        high=high,
        reason="" if low == high else "; ".join(priced.total.why),
        lines=tuple(line.shown(row) for line in priced.lines),
        usual=_usual(row),
    )


def settle(
    model: ModelInfo,
    checked: CheckedParams,
    metered: Metered,
    *,
    on: date | None = None,
    timeout_s: Decimal | float | None = None,
) -> Actual:
    """What an inference that succeeded has cost.

    Args:
        model: The model, with its price rows.
        checked: The checked params that were sent.
        metered: What the provider reported, and what came out.
        on: The day of the run; today (UTC) unless given.
        timeout_s: The inference's deadline in seconds, as in `estimate`.
    """
    row = row_in_force(model.pricing, on or _today())
    if isinstance(row, str):
        return Actual(usd=None, basis="estimated")
    if metered.billable_units is not None:
        before = price_row(row, _facts(model, checked, row, timeout_s=timeout_s))
        usd = _by_units(row, before, metered.billable_units)
        if usd is not None:
            return Actual(usd=to_micro(usd), basis="metered")
    facts = _facts(model, checked, row, timeout_s=timeout_s, metered=metered)
    total = price_row(row, facts).total
    usd = None if total.high is None else to_micro(total.high)
    return Actual(usd=usd, basis=_basis(total, facts.used))


def _basis(total: Interval, used: set[str]) -> Basis:
    """The weakest of the figures that a cost was made of."""
    if not total.exact or not used:
        return "estimated"
    return "derived" if "derived" in used else "metered"


def _by_units(row: PriceRow, before: PricedRow, units: Decimal) -> Decimal | None:
    """USD of fal's billable units, where they certainly measure what the row prices."""
    lines = [line for line in before.lines if line.amount.high != ZERO]
    if len(lines) != 1 or lines[0].factor != exactly(1):
        return None
    choice, quantity = lines[0].choice, lines[0].quantity
    if len(choice.rates) != 1 or choice.unpriced or choice.rates[0].first is not None:
        return None
    rate = choice.rates[0]
    if not _fits(units, rate, quantity):
        return None
    return whole(row, exactly(units * rate.usd)).low


def _fits(units: Decimal, rate: Rate, expected: Interval) -> bool:
    """Whether units can measure what the rate prices: so many images, but not 1.7 of them."""
    if units < 0 or (rate.unit in COUNTED and units != units.to_integral_value()):
        return False
    return is_near(units * rate.size, expected)


def _facts(
    model: ModelInfo,
    checked: CheckedParams,
    row: PriceRow,
    *,
    timeout_s: Decimal | float | None = None,
    metered: Metered | None = None,
) -> Facts:
    return Facts(
        properties=model.params["properties"],
        effective=checked.effective,
        files=checked.files,
        timeout_s=Decimal(str(model.timeout_s if timeout_s is None else timeout_s)),
        where=row.get("where", {}),
        metered=metered,
    )


def _usual(row: PriceRow) -> Decimal | None:
    return up_to_micro(Decimal(row["typical_usd"])) if "typical_usd" in row else None


def _up(usd: Decimal | None) -> Decimal | None:
    return None if usd is None else up_to_micro(usd)


def _today() -> date:
    return datetime.now(UTC).date()
