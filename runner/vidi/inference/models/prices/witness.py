"""A price row's second reading, held against its rates.

Two sources that agree are worth more than one. Where they differ by more than 2 %, nobody knows
which is right: then the row must be a range that takes in both, so that the dearer one is what a
budget is held against.
"""

from __future__ import annotations

import re
from decimal import Decimal
from typing import TYPE_CHECKING

from vidi.inference.models.prices.rates import UNITS, read_rate
from vidi.json_values import as_object

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vidi.inference.models.price_rules import PriceRow, RateRule

TOLERANCE = Decimal("0.02")
"""How far two readings may lie apart and still be one price."""

_COUNTED = re.compile(r"^\d+[km]?_")
_SAME = {"minute": "second", "hour": "second", "compute_minute": "compute_second"}


def disagreement(row: PriceRow) -> str:
    """What the second reading of a row says that its rates do not take in; empty where they do.

    Args:
        row: A price row. Without a `witness` there is nothing to disagree.
    """
    witness = row.get("witness")
    if witness is None:
        return ""
    said = _per_one(witness["says"])
    rates = list(_comparable(row, witness["says"]))
    if any(low * (1 - TOLERANCE) <= said <= high * (1 + TOLERANCE) for low, high in rates):
        return ""
    known = ", ".join(_shown(low, high) for low, high in rates) or "nothing of that unit"
    return f"{witness['source']} says {_key(witness['says'])} {said.normalize():f}, the row {known}"


def _comparable(row: PriceRow, says: RateRule) -> Iterator[tuple[Decimal, Decimal]]:
    """The least and the most of each rate of the same kind, and of the same condition if named."""
    condition = as_object(says.get("when"))
    for line in row.get("lines", ()):
        for rule in line.get("rates", ()):
            same = not condition or as_object(rule.get("when")) == condition
            if same and _kind(rule) == _kind(says):
                rate = read_rate(rule)
                low = rate.usd if rate.low is None else rate.low
                yield low / rate.size, rate.usd / rate.size


def _per_one(rule: RateRule) -> Decimal:
    rate = read_rate(rule)
    return rate.usd / rate.size


def _kind(rule: RateRule) -> str:
    """What is counted, whatever the number of them in one unit: `second` of `5_seconds`."""
    name = _COUNTED.sub("", _key(rule).removeprefix("usd_per_"))
    kind = name.removesuffix("s")
    return _SAME.get(kind, kind)


def _key(rule: RateRule) -> str:
    return next(key for key in rule if key in UNITS)


def _shown(low: Decimal, high: Decimal) -> str:
    ends = [f"{end.normalize():f}" for end in dict.fromkeys((low, high))]
    return " to ".join(ends)
