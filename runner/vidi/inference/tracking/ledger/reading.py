"""What the ledger has to tell: costs by any grouping, and the runs."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import partial
from typing import TYPE_CHECKING

from vidi.inference.tracking.ledger.schema import usd_of
from vidi.inference.tracking.ledger.work import Work

if TYPE_CHECKING:
    from datetime import date

    from vidi.inference.tracking.caps import LedgerGrouping
    from vidi.inference.tracking.ledger.work import Transaction


@dataclass(frozen=True, slots=True)
class Costs:
    """What a group of purchases came to, in USD."""

    name: str
    attempts: int
    """How often something was bought or tried to be."""
    estimated: Decimal
    """The high estimates of what has ended."""
    actual: Decimal
    """What that cost."""
    in_doubt: Decimal
    """The high estimates of what is open: it may still be billed."""


@dataclass(frozen=True, slots=True)
class Span:
    """Days in UTC, both included; None is no bound."""

    since: date | None = None
    until: date | None = None


@dataclass(frozen=True, slots=True)
class PastRun:
    """One run as history lists it. Amounts are USD."""

    run: str
    started_at: datetime
    job: str
    folder: str
    inferences: int
    """How many inferences it tried to buy."""
    cost: Decimal
    in_doubt: Decimal


NO_TAG = "(no tag)"
"""Stands for what was bought without one."""


def read_costs(grouping: LedgerGrouping, span: Span) -> Work[list[Costs]]:
    """Sum up the charges of a span of days by model, provider, day, week, month, run and so on.

    What has several tags counts under each of them.

    Raises:
        StorageError: The ledger cannot be read.
    """
    return Work("reads", partial(_read_costs, grouping=grouping, span=span))


def _read_costs(transaction: Transaction, *, grouping: LedgerGrouping, span: Span) -> list[Costs]:
    name, source = _find_groups(grouping)
    bounds = {"since": (span.since, ">="), "until": (span.until, "<=")}
    given = {key: day.isoformat() for key, (day, _) in bounds.items() if day is not None}
    where = " AND ".join(f"c.day {bounds[key][1]} :{key}" for key in given) or "1 = 1"
    query = f"""
        SELECT {name}, count(*),
            {_sum("c.reserved", "c.actual IS NOT NULL")},
            {_sum("c.actual", "c.actual IS NOT NULL")},
            {_sum("c.reserved", "c.actual IS NULL")}
        FROM {source} WHERE {where} GROUP BY {name}
        ORDER BY {"min(c.reserved_at)" if grouping == "run" else name}
    """  # noqa: S608
    return [
        Costs(group, attempts, *map(usd_of, sums))
        for group, attempts, *sums in transaction.read(query, given)
    ]


def _find_groups(grouping: LedgerGrouping) -> tuple[str, str]:
    """The name of a charge's group, and the tables that hold it."""
    if grouping in {"job", "folder"}:
        joined = "vidi_charges c LEFT JOIN vidi_runs r ON r.run = c.run"
        return f"COALESCE(r.{grouping}, '')", joined
    if grouping == "tag":
        of_charge = "t.run = c.run AND t.inference = c.inference"
        joined = f"vidi_charges c LEFT JOIN vidi_tags t ON {of_charge}"
        return f"COALESCE(t.tag, '{NO_TAG}')", joined
    return f"c.{grouping}", "vidi_charges c"


def sum_costs(rows: list[Costs]) -> Costs:
    """The total of some groups."""
    zero = Decimal(0)
    return Costs(
        "total",
        sum(row.attempts for row in rows),
        sum((row.estimated for row in rows), zero),
        sum((row.actual for row in rows), zero),
        sum((row.in_doubt for row in rows), zero),
    )


def read_history(limit: int) -> Work[list[PastRun]]:
    """The latest runs, the last one first.

    Raises:
        StorageError: The ledger cannot be read.
    """
    return Work("reads", partial(_read_history, limit=limit))


def _read_history(transaction: Transaction, *, limit: int) -> list[PastRun]:
    # Open, and there at all: an outer join's empty row is neither.
    query = f"""
        SELECT r.run, r.started_at, r.job, r.folder, count(DISTINCT c.inference),
            {_sum("c.actual", "c.actual IS NOT NULL")},
            {_sum("c.reserved", "c.run IS NOT NULL AND c.actual IS NULL")}
        FROM vidi_runs r LEFT JOIN vidi_charges c ON c.run = r.run
        GROUP BY r.run, r.started_at, r.job, r.folder
        ORDER BY r.started_at DESC, r.run LIMIT :most
    """  # noqa: S608
    return [
        PastRun(run, datetime.fromisoformat(at), job, folder, count, usd_of(cost), usd_of(open_))
        for run, at, job, folder, count, cost, open_ in transaction.read(query, {"most": limit})
    ]


def _sum(column: str, condition: str) -> str:
    return f"COALESCE(SUM(CASE WHEN {condition} THEN {column} ELSE 0 END), 0)"
