"""Quantities and amounts that may not be known yet: a least, a greatest, and why they differ."""

from __future__ import annotations

from decimal import ROUND_FLOOR, ROUND_HALF_UP, Decimal
from functools import reduce
from typing import TYPE_CHECKING, Literal, NamedTuple

from vidi.inference.models.prices.money import settled, up_to_block

if TYPE_CHECKING:
    from collections.abc import Iterable

ZERO = Decimal(0)
ONE = Decimal(1)


class Interval(NamedTuple):
    """Between `low` and `high`, both included and never negative; `high` None is unbounded."""

    low: Decimal
    high: Decimal | None
    why: tuple[str, ...] = ()
    """The reasons why the ends differ; empty where they do not."""

    @property
    def exact(self) -> bool:
        """Whether there is only one value."""
        return self.low == self.high


def exactly(number: Decimal | int) -> Interval:
    """The interval of one known value."""
    value = Decimal(number)
    return Interval(value, value)


def between(low: Decimal, high: Decimal | None, *why: str) -> Interval:
    """An interval with its reasons, which are dropped where the ends are the same."""
    return Interval(low, high) if low == high else Interval(low, high, tuple(dict.fromkeys(why)))


def unknown(why: str) -> Interval:
    """Anything from zero on."""
    return Interval(ZERO, None, (why,))


def add(terms: Iterable[Interval]) -> Interval:
    """The sum."""
    return reduce(_add, terms, Interval(ZERO, ZERO))


def _add(a: Interval, b: Interval) -> Interval:
    high = None if a.high is None or b.high is None else a.high + b.high
    return between(a.low + b.low, high, *a.why, *b.why)


def multiply(factors: Iterable[Interval]) -> Interval:
    """The product. Nothing of an unbounded quantity is nothing."""
    return reduce(_multiply, factors, Interval(ONE, ONE))


def _multiply(a: Interval, b: Interval) -> Interval:
    high = None
    if a.high is not None and b.high is not None:
        high = a.high * b.high
    elif a.high == ZERO or b.high == ZERO:
        high = ZERO
    return between(a.low * b.low, high, *a.why, *b.why)


def divide(a: Interval, b: Interval) -> Interval:
    """The quotient; unbounded where the divisor may be zero."""
    low = a.low / b.high if b.high else ZERO
    if b.low == ZERO:
        return between(low, None, *a.why, *b.why, "it is divided by what may be zero")
    return between(low, None if a.high is None else a.high / b.low, *a.why, *b.why)


def subtract(a: Interval, b: Interval) -> Interval:
    """The difference, never below zero: nobody is paid for using less than what is free."""
    low = ZERO if b.high is None else max(ZERO, a.low - b.high)
    high = None if a.high is None else max(ZERO, a.high - b.low)
    return between(low, high, *a.why, *b.why)


def largest(items: Iterable[Interval]) -> Interval:
    """The maximum."""
    every = tuple(items)
    highs = [item.high for item in every if item.high is not None]
    high = max(highs) if len(highs) == len(every) else None
    return between(max(item.low for item in every), high, *_reasons(every))


def least(items: Iterable[Interval]) -> Interval:
    """The minimum."""
    every = tuple(items)
    highs = [item.high for item in every if item.high is not None]
    return between(min(item.low for item in every), min(highs, default=None), *_reasons(every))


def hull(items: Iterable[Interval], *why: str) -> Interval:
    """The smallest interval that holds them all: one of them is true, nobody knows which."""
    every = tuple(items)
    highs = [item.high for item in every if item.high is not None]
    high = max(highs) if len(highs) == len(every) else None
    return between(min(item.low for item in every), high, *_reasons(every), *why)


def rounded(item: Interval, mode: Literal["up", "nearest", "down"], to: Decimal) -> Interval:
    """Both ends rounded to a block; `nearest` takes halves up."""
    high = None if item.high is None else _round(item.high, mode, to)
    return between(_round(item.low, mode, to), high, *item.why)


def _round(number: Decimal, mode: str, to: Decimal) -> Decimal:
    if mode == "up":
        return up_to_block(number, to)
    rounding = ROUND_HALF_UP if mode == "nearest" else ROUND_FLOOR
    return settled(number / to).to_integral_value(rounding) * to


def _reasons(items: Iterable[Interval]) -> Iterable[str]:
    return (reason for item in items for reason in item.why)
