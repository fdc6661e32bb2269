"""A part of a job's inferences for one of several machines: which rows, and how much of the money.

Which rows a part has depends on their ids alone, so adding one moves none. Each machine reads,
checks and prices the whole file, so all agree on the price of the whole without asking each other.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_FLOOR, Context, Decimal
from typing import TYPE_CHECKING

from vidi.errors import UsageError
from vidi.inference.models.prices.money import MICRO

if TYPE_CHECKING:
    from collections.abc import Iterable

_WIDE = Context(prec=300)
"""So that rounding to a micro-dollar is the only one: the sum of all shares is never over."""


@dataclass(frozen=True, slots=True)
class Shard:
    """One of so many parts, from 1."""

    number: int
    count: int

    def has(self, key: str) -> bool:
        """Whether an inference of this id is in it."""
        digest = hashlib.sha256(key.encode("utf-8", "surrogatepass")).digest()
        return int.from_bytes(digest) % self.count == self.number - 1

    def __str__(self) -> str:
        return f"{self.number}/{self.count}"


def read_shard(text: str) -> Shard:
    """Read a part such as 3/8: the third of eight.

    Raises:
        UsageError: It is none.
    """
    parts = re.fullmatch(r"([0-9]{1,5})/([0-9]{1,5})", text)
    if parts is None or not 1 <= int(parts[1]) <= int(parts[2]):
        raise UsageError(f"'{text}' is not a shard such as 3/8, which go from 1/8 to 8/8")
    return Shard(int(parts[1]), int(parts[2]))


@dataclass(frozen=True, slots=True)
class Share:
    """What a shard's inferences cost at most, if all were bought, and those of all shards. USD."""

    shard: Shard
    own: Decimal = Decimal(0)
    total: Decimal = Decimal(0)

    def count(self, usd: Decimal, *, own: bool) -> Share:
        """The share with one inference more, that costs at most so much."""
        return Share(self.shard, self.own + (usd if own else 0), self.total + usd)

    def split(self, budget: Decimal) -> Decimal:
        """The part of a budget that is this shard's, in USD, rounded down to a micro-dollar."""
        if not self.total:
            return budget if self.shard.number == 1 else Decimal(0)
        part = _WIDE.divide(_WIDE.multiply(budget, self.own), self.total)
        return part.quantize(MICRO, ROUND_FLOOR, _WIDE)

    def unsplit(self, part: Decimal) -> Decimal:
        """The least budget of which this shard's part is at least so much, in USD."""
        whole = _WIDE.divide(_WIDE.multiply(part, self.total), self.own)
        return whole.quantize(MICRO, ROUND_CEILING, _WIDE)


def add_shares(shares: Iterable[Share]) -> Share | None:
    """The share of several job files together; None where there are none."""
    given = list(shares)
    if not given:
        return None
    own = sum((each.own for each in given), Decimal(0))
    total = sum((each.total for each in given), Decimal(0))
    return Share(given[0].shard, own, total)
