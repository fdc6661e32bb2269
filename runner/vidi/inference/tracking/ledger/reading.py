"""What the ledger has to tell: costs by any grouping, and the runs. Imports SQLAlchemy."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING

import sqlalchemy as sa

from vidi.inference.tracking.ledger.schema import charges, runs, tags, usd_of

if TYPE_CHECKING:
    from datetime import date

    from vidi.inference.tracking.caps import LedgerGrouping
    from vidi.inference.tracking.ledger.connection import Ledger


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


def read_costs(ledger: Ledger, grouping: LedgerGrouping, span: Span) -> list[Costs]:
    """Sum up the charges of a span of days by model, provider, day, week, month, run and so on.

    What has several tags counts under each of them.

    Raises:
        StorageError: The ledger cannot be read.
    """
    name, source = _find_groups(grouping)
    query = (
        sa.select(
            name.label("name"),
            sa.func.count().label("attempts"),
            _sum(charges.c.reserved, charges.c.actual.is_not(None)).label("estimated"),
            _sum(charges.c.actual, charges.c.actual.is_not(None)).label("actual"),
            _sum(charges.c.reserved, charges.c.actual.is_(None)).label("in_doubt"),
        )
        .select_from(source)
        .group_by(name)
        .order_by(sa.func.min(charges.c.reserved_at) if grouping == "run" else name)
    )
    if span.since is not None:
        query = query.where(charges.c.day >= span.since.isoformat())
    if span.until is not None:
        query = query.where(charges.c.day <= span.until.isoformat())
    with ledger.reading() as connection:
        return [
            Costs(
                row.name,
                row.attempts,
                usd_of(row.estimated),
                usd_of(row.actual),
                usd_of(row.in_doubt),
            )
            for row in connection.execute(query)
        ]


def _find_groups(grouping: LedgerGrouping) -> tuple[sa.ColumnElement[str], sa.FromClause]:
    """The name of a charge's group, and the tables that hold it."""
    if grouping in {"job", "folder"}:
        joined = charges.outerjoin(runs, runs.c.run == charges.c.run)
        return sa.func.coalesce(runs.c[grouping], ""), joined
    if grouping == "tag":
        of_charge = sa.and_(tags.c.run == charges.c.run, tags.c.inference == charges.c.inference)
        return sa.func.coalesce(tags.c.tag, NO_TAG), charges.outerjoin(tags, of_charge)
    return charges.c[grouping], charges


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


def read_history(ledger: Ledger, limit: int) -> list[PastRun]:
    """The latest runs, the last one first.

    Raises:
        StorageError: The ledger cannot be read.
    """
    query = (
        sa.select(
            runs,
            sa.func.count(sa.distinct(charges.c.inference)).label("inferences"),
            _sum(charges.c.actual, charges.c.actual.is_not(None)).label("cost"),
            _sum(charges.c.reserved, _is_open()).label("in_doubt"),
        )
        .outerjoin(charges, charges.c.run == runs.c.run)
        .group_by(runs.c.run, runs.c.job, runs.c.folder, runs.c.started_at)
        .order_by(runs.c.started_at.desc(), runs.c.run)
        .limit(limit)
    )
    with ledger.reading() as connection:
        return [
            PastRun(
                row.run,
                datetime.fromisoformat(row.started_at),
                row.job,
                row.folder,
                row.inferences,
                usd_of(row.cost),
                usd_of(row.in_doubt),
            )
            for row in connection.execute(query)
        ]


def _is_open() -> sa.ColumnElement[bool]:
    """Open, and there at all: an outer join's empty row is neither."""
    return sa.and_(charges.c.run.is_not(None), charges.c.actual.is_(None))


def _sum(
    column: sa.ColumnElement[int], condition: sa.ColumnElement[bool]
) -> sa.ColumnElement[Decimal]:
    return sa.func.coalesce(sa.func.sum(sa.case((condition, column), else_=0)), 0)
