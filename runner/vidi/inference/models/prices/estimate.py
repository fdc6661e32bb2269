"""What an inference will cost and has cost: values only. Amounts are USD."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, NamedTuple, Protocol

from vidi.dollars import format_usd

if TYPE_CHECKING:
    from collections.abc import Mapping
    from decimal import Decimal


@dataclass(frozen=True, slots=True)
class PriceLine:
    """One line of a breakdown: so much of something at such a rate."""

    label: str
    quantity_low: Decimal
    """In `unit`s, rounded and with the minimum as the price rule says."""
    quantity_high: Decimal | None
    unit: str
    """Such as `image` or `1k characters`."""
    rate: Decimal
    """USD a unit, multipliers included; the highest where several rates may apply."""
    low: Decimal
    high: Decimal | None
    source: str
    """Where the price was read."""
    since: str
    """The date from which the price row holds."""

    def to_json(self) -> dict[str, object]:
        """The line as JSON values; amounts stay decimals until they are rendered."""
        return {
            "label": self.label,
            "quantity": {"low": self.quantity_low, "high": self.quantity_high},
            "unit": self.unit,
            "rate_usd": self.rate,
            "usd": {"low": self.low, "high": self.high},
            "source": self.source,
            "since": self.since,
        }


class RuleFigures(NamedTuple):
    """What the price rule alone makes of an inference, in USD: what bills are compared with."""

    low: Decimal
    high: Decimal
    scale: Decimal
    """By what bills of one model are made comparable: the high at the template's own deadline."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """What an inference will cost. `low` and `high` are equal where the price follows."""

    low: Decimal
    high: Decimal | None
    """None: unpriced, nothing bounds it."""
    reason: str = ""
    """Why the ends differ, or why there is no price."""
    lines: tuple[PriceLine, ...] = ()
    rule: RuleFigures | None = None
    """The rule's own figures, before past bills scaled them; None where no rule bounds it."""
    usual: Decimal | None = None
    """What it usually costs, by past bills or else by the template; None where nobody knows."""

    def __repr__(self) -> str:
        """The amounts alone."""
        if self.high is None:
            return f"<Estimate {format_usd(self.low)} or more: {self.reason}>"
        ends = dict.fromkeys((format_usd(self.low), format_usd(self.high)))
        return f"<Estimate {' to '.join(ends)}>"

    @property
    def expected(self) -> Decimal | None:
        """What it will likely cost, within the ends: what is usual, else the high end."""
        if self.usual is None or self.high is None:
            return self.high
        return min(max(self.usual, self.low), self.high)

    @property
    def unpriced(self) -> bool:
        """Whether nobody can say what it costs at most."""
        return self.high is None

    def to_json(self) -> dict[str, object]:
        """The estimate as JSON values; amounts stay decimals until they are rendered."""
        return {
            "low": self.low,
            "expected": self.expected,
            "high": self.high,
            "unpriced": self.unpriced,
            "reason": self.reason,
            "breakdown": [line.to_json() for line in self.lines],
        }


class MediaFacts(Protocol):
    """What prices need to know of an asset."""

    @property
    def width(self) -> int | None:
        """In pixels."""

    @property
    def height(self) -> int | None:
        """In pixels."""

    @property
    def duration_s(self) -> Decimal | None:
        """In seconds."""


@dataclass(frozen=True, slots=True)
class Metered:
    """What is known after the run: the provider's own figures, and what came out."""

    metrics: Mapping[str, object] = field(default_factory=dict)
    """Replicate's `metrics`."""
    billable_units: Decimal | None = None
    """fal's `X-Fal-Billable-Units`."""
    assets: tuple[MediaFacts, ...] = ()


Basis = Literal["metered", "derived", "estimated", "none"]
"""How a cost is known: the provider's figure, the rule on what came out, the estimate, free."""


class Actual(NamedTuple):
    """What an inference has cost; `usd` None where not even an upper bound is known."""

    usd: Decimal | None
    basis: Basis
