"""US dollars as exact decimals: how they are rounded at the end, and written as JSON."""

from __future__ import annotations

from decimal import ROUND_CEILING, ROUND_HALF_EVEN, Context, Decimal
from functools import lru_cache

_WIDE = Context(prec=300)
"""Wide enough that rounding itself never fails."""

MICRO = Decimal("0.000001")
"""The smallest amount that is written down, in USD."""

_NOISE = Decimal("1E-15")
"""What a quotient such as 1/3 can leave behind in 28 digits; never a real quantity."""


def settled(number: Decimal) -> Decimal:
    """Drop the trace of an inexact division, so that rounding up does not start from it."""
    return (
        number
        if number == number.to_integral_value()
        else number.quantize(_NOISE, ROUND_HALF_EVEN, _WIDE)
    )


def up_to_micro(usd: Decimal) -> Decimal:
    """Round an estimate up: a budget is never undercut by a fraction of a micro-dollar."""
    return settled(usd).quantize(MICRO, ROUND_CEILING, _WIDE)


def to_micro(usd: Decimal) -> Decimal:
    """Round an actual cost to the nearest micro-dollar, halves to even."""
    return usd.quantize(MICRO, ROUND_HALF_EVEN, _WIDE)


def up_to_block(number: Decimal, block: Decimal) -> Decimal:
    """Round up to a whole number of blocks."""
    return settled(number / block).to_integral_value(ROUND_CEILING) * block


@lru_cache(maxsize=4096)  # thousands of inferences cost the same
def json_number(number: Decimal) -> int | float:
    """The JSON number of a decimal. The one place where a price becomes a float: on its way out."""
    return int(number) if number == number.to_integral_value() else float(number)
