"""Caps by run, day, week and month, and the period that a moment falls into.

Periods are UTC's: a ledger may be shared by machines in different zones. A charge belongs to the
periods in which it was reserved, whenever it is settled, so that settling never breaks a later cap.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC
from decimal import Decimal
from typing import TYPE_CHECKING, Literal

from vidi.dollars import format_usd
from vidi.errors import RefusedError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

Kind = Literal["run", "day", "week", "month"]

Grouping = Literal["model", "provider", "day", "week", "month", "run"]

GROUPINGS: tuple[Grouping, ...] = ("model", "provider", "day", "week", "month", "run")
"""By what costs are summed up."""

LedgerGrouping = Literal["model", "provider", "day", "week", "month", "run", "job", "tag", "folder"]

LEDGER_GROUPINGS: tuple[LedgerGrouping, ...] = (*GROUPINGS, "job", "tag", "folder")
"""By what the ledger sums up besides: it knows which run a charge belongs to."""

KINDS: tuple[Kind, ...] = ("run", "day", "week", "month")
"""In the order in which a reservation takes them: the same everywhere, so that none deadlock."""

THRESHOLDS = (100, 80, 50)
"""Percent of a cap at which somebody is told, highest first."""


@dataclass(frozen=True, slots=True)
class Cap:
    """The most that may be spent and reserved in one period, in USD."""

    kind: Kind
    usd: Decimal
    setting: str
    """What to change to change it."""

    @property
    def title(self) -> str:
        """What it is, for a message."""
        return f"the {self.kind}'s budget of {format_usd(self.usd)}"


@dataclass(frozen=True, slots=True)
class CapUsage:
    """The money of one period at one instant, in USD."""

    spent: Decimal = Decimal(0)
    reserved: Decimal = Decimal(0)

    @property
    def taken(self) -> Decimal:
        """What counts against a cap."""
        return self.spent + self.reserved

    @property
    def told(self) -> str:
        """The money, for a message."""
        return f"{format_usd(self.spent)} spent, {format_usd(self.reserved)} reserved"


@dataclass(frozen=True, slots=True)
class CapRoom:
    """What a cap leaves for a plan, in USD."""

    cap: Cap
    left: Decimal
    over: Decimal
    """By how much the plan exceeds that; 0 where it fits."""


def name_periods(run: str, moment: datetime) -> dict[Kind, str]:
    """The run, day, ISO week and month of a moment: `2026-11-23`, `2026-W48`, `2026-11`."""
    utc = moment.astimezone(UTC)
    year, week, _ = utc.isocalendar()
    return {
        "run": run,
        "day": f"{utc:%Y-%m-%d}",
        "week": f"{year:04}-W{week:02}",
        "month": f"{utc:%Y-%m}",
    }


def refuse_by_cap(cap: Cap, usage: CapUsage, wanted: Decimal) -> RefusedError:
    """The refusal of an amount that a cap has no room for."""
    left = max(cap.usd - usage.taken, Decimal(0))
    return RefusedError(
        f"this needs up to {format_usd(wanted)}, and {format_usd(left)} is left of "
        f"{cap.title}: {usage.told}",
        hint=f"Raise {cap.setting}, or wait for the next {cap.kind} (UTC)."
        if cap.kind != "run"
        else f"Raise {cap.setting}.",
    )


def find_level(cap: Cap, usage: CapUsage) -> int:
    """The highest threshold, in percent, that a period has reached; 0 for none."""
    return next((level for level in THRESHOLDS if usage.taken * 100 >= cap.usd * level), 0)


def describe_level(cap: Cap, usage: CapUsage, level: int) -> str:
    """What is said when a threshold is reached."""
    return f"{level} % of {cap.title} is taken: {usage.told} ({cap.setting})"


def lower_caps(*given: Mapping[Kind, Cap]) -> tuple[Cap, ...]:
    """Of each kind, the lowest cap that is given."""
    lowest: dict[Kind, Cap] = {}
    for caps in given:
        for kind, cap in caps.items():
            if kind not in lowest or cap.usd < lowest[kind].usd:
                lowest[kind] = cap
    return tuple(lowest[kind] for kind in KINDS if kind in lowest)
