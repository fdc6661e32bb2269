"""Rates of price rules: the units that prices are published in, and the rate that applies."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, NamedTuple

from vidi.inference.models.prices.intervals import (
    ZERO,
    Interval,
    between,
    exactly,
    hull,
    multiply,
    unknown,
)
from vidi.inference.models.prices.quantities.quantity import asked, holds, measure
from vidi.json_values import as_object

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from vidi.inference.models.price_rules import FactorRule, RateRule
    from vidi.inference.models.prices.facts import Facts

COUNTED = ("request", "run", "image", "video", "audio", "file", "song", "model", "voice", "page")
"""Units that only come whole."""

_OF_ONE = (
    *COUNTED,
    *("frame", "character", "token", "step"),
    *("second", "compute_second", "megapixel", "megapixel_second"),
)
_OF_MANY = {
    "minute": 60,
    "compute_minute": 60,
    "hour": 3600,
    "5_seconds": 5,
    "10_seconds": 10,
    "15_seconds": 15,
    "30_seconds": 30,
    "16_frames": 16,
    "24_frames": 24,
    "30_frames": 30,
    "100_characters": 100,
    "1k_images": 1000,
    "1k_videos": 1000,
    "1k_requests": 1000,
    "1k_seconds": 1000,
    "1k_characters": 1000,
    "1k_tokens": 1000,
    "1k_steps": 1000,
    "1m_characters": 1_000_000,
    "1m_tokens": 1_000_000,
    "1m_pixels": 1_000_000,
}

UNITS: Mapping[str, Decimal] = {
    **{f"usd_per_{unit}": Decimal(1) for unit in _OF_ONE},
    **{f"usd_per_{unit}": Decimal(size) for unit, size in _OF_MANY.items()},
}
"""The key of every price to how much of the quantity one unit is (seconds in a minute: 60)."""


class Rate(NamedTuple):
    """One price as it is published: USD a unit."""

    unit: str
    """Such as `1k characters`."""
    size: Decimal
    """How much of the quantity one unit is."""
    usd: Decimal
    first: Decimal | None
    """USD of the first unit, where it has a price of its own."""
    low: Decimal | None = None
    """The least that a unit may cost, where sources disagree; `usd` is the most."""
    why: str = ""
    """Why the two differ."""

    def amount(self, quantity: Interval) -> Interval:
        """What a quantity costs at this rate, in USD."""
        high = None if quantity.high is None else self._of(quantity.high / self.size, self.usd)
        if quantity.high is None and not self.usd:
            high = self.first or ZERO
        least = self.usd if self.low is None else self.low
        why = (*quantity.why, self.why) if least != self.usd else quantity.why
        return between(self._of(quantity.low / self.size, least), high, *why)

    def _of(self, units: Decimal, usd: Decimal) -> Decimal:
        if self.first is None:
            return units * usd
        return self.first + max(ZERO, units - 1) * usd if units > ZERO else ZERO


class Choice(NamedTuple):
    """The rates that may apply; more than one, or unpriced, where a condition is not known yet."""

    rates: tuple[Rate, ...]
    unpriced: str = ""
    """Why it may be that no rate applies."""

    def amount(self, quantity: Interval) -> Interval:
        """What a quantity costs at whichever rate applies, in USD."""
        amounts = [rate.amount(quantity) for rate in self.rates]
        if self.unpriced:
            amounts.append(unknown(self.unpriced))
        why = ["which rate applies is not known before the run"] if len(amounts) > 1 else []
        return hull(amounts, *why)


def read_rate(rule: RateRule) -> Rate:
    """The rate that one RATE object says."""
    key = next(key for key in rule if key in UNITS)
    first, low = (_decimal(rule.get(name)) for name in ("first", "low"))
    name = key.removeprefix("usd_per_").replace("_", " ")
    why = str(rule.get("why", ""))
    return Rate(name, UNITS[key], Decimal(str(rule[key])), first, low, why)


def _decimal(number: object) -> Decimal | None:
    return None if number is None else Decimal(str(number))


def choose_rate(rules: Sequence[RateRule], facts: Facts) -> Choice:
    """The first rate whose condition holds, with those before it that may hold."""
    possible = []
    for rule in rules:
        truth = holds(as_object(rule.get("when")), facts)
        if truth is not False:
            possible.append(read_rate(rule))
        if truth:
            return Choice(tuple(possible))
    missing = asked((as_object(rule.get("when")) for rule in rules), facts)
    return Choice(tuple(possible), f"no published price for {missing}")


def factor_of(rules: Sequence[FactorRule], facts: Facts) -> Interval:
    """The product of all multipliers that hold."""
    return multiply(_factor(rule, facts) for rule in rules)


def _factor(rule: FactorRule, facts: Facts) -> Interval:
    truth = holds(rule.get("when", {}), facts)
    if truth is False:
        return exactly(1)
    factor = measure(rule["by"], facts) if "by" in rule else exactly(rule["factor"])
    if truth:
        return factor
    return hull((exactly(1), factor), "which factor applies is not known before the run")
