"""fal's billable units: how many dollars they are.

They count units of fal's base price, whatever tier was run and whatever the page sells by: recorded
are 2.0 units of veo3.1 for a silent clip of 4 s, at a base of $0.40 = $0.80 (its page says $0.20 a
second). So units x base is the bill, also where it is far from the estimate, and units x the page's
rate is not.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from vidi.inference.models.prices.intervals import ZERO, exactly
from vidi.inference.models.prices.metering import is_near
from vidi.inference.models.prices.money import up_to_micro
from vidi.inference.models.prices.rates import COUNTED, UNITS
from vidi.inference.models.prices.rows import whole

if TYPE_CHECKING:
    from decimal import Decimal

    from vidi.inference.models.price_rules import PriceRow
    from vidi.inference.models.prices.intervals import Interval
    from vidi.inference.models.prices.rates import Rate
    from vidi.inference.models.prices.rows import PricedRow
    from vidi.inference.models.template import Billing

_COMPUTING = tuple(unit for unit in UNITS if "compute" in unit)


def bill_units(units: Decimal, base: Billing) -> Decimal:
    """USD of so many units, rounded up: what is booked is never less than the provider's figure."""
    return up_to_micro(units * base.unit_usd)


def find_base(base: Billing | None, row: PriceRow | str) -> Billing | None:
    """The base price, if it is what the units of a model count.

    A base per compute second may stand for a price that fal has not filed yet: recorded is 1 unit
    for a run of 51.7 s, sold at $0.09 a megapixel. It counts only where the model is sold so.

    Args:
        base: fal's base price, asked or kept.
        row: The template's price row in force, or why there is none.
    """
    if base is None or base.unit_usd <= 0:
        return None
    if "compute" in base.unit.lower() and not is_sold_by_computing(row):
        return None
    return base


def is_sold_by_computing(row: PriceRow | str) -> bool:
    """Whether a price row sells computing time."""
    lines = [] if isinstance(row, str) else row.get("lines", [])
    rates = [rate for line in lines for rate in line.get("rates", [])]
    return any(unit in rate for rate in rates for unit in _COMPUTING)


def guess_bill(row: PriceRow, before: PricedRow, units: Decimal) -> Decimal | None:
    """USD of units whose base price nobody knows, at the page's rate where they may measure it.

    Only ever one of several figures of which the greatest is booked.

    Args:
        row: The price row in force.
        before: What it makes of the inference without anything that came after it.
        units: What fal counted.
    """
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
    if rate.unit in COUNTED and units != units.to_integral_value():
        return False
    return is_near(units * rate.size, expected)
