"""The ledger's tables. Amounts are whole micro-dollars, so that every database adds them exactly.

Importing this loads SQLAlchemy: only a run, `vidi costs` and the like do.
"""

from __future__ import annotations

from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Float,
    Index,
    Integer,
    MetaData,
    String,
    Table,
)

SCHEMA_VERSION = 1
_MILLION = Decimal(1_000_000)
UNCAPPED = 2**62
"""Micro-dollars: more than all the money there is, and within a signed 64-bit integer."""

metadata = MetaData()

about = Table(
    "vidi_about",
    metadata,
    Column("name", String, primary_key=True),
    Column("value", Integer, nullable=False),
)

runs = Table(
    "vidi_runs",
    metadata,
    Column("run", String, primary_key=True),
    Column("job", String, nullable=False),
    Column("folder", String, nullable=False, index=True),
    Column("started_at", String, nullable=False),
)
"""Every run that was made under this ledger. Times are ISO 8601 in UTC, so that text sorts them."""

charges = Table(
    "vidi_charges",
    metadata,
    Column("run", String, primary_key=True),
    Column("inference", String, primary_key=True),
    Column("attempt", Integer, primary_key=True),
    Column("model", String, nullable=False),
    Column("provider", String, nullable=False),
    Column("reserved", BigInteger, nullable=False),
    Column("actual", BigInteger),
    Column("day", String, nullable=False),
    Column("week", String, nullable=False),
    Column("month", String, nullable=False),
    Column("reserved_at", String, nullable=False),
    Column("settled_at", String),
    Index("vidi_charges_day", "day"),
)
"""One row an attempt. `actual` is null while it may still be billed; `reserved` stays as it was."""

periods = Table(
    "vidi_periods",
    metadata,
    Column("kind", String, primary_key=True),
    Column("label", String, primary_key=True),
    Column("spent", BigInteger, nullable=False),
    Column("reserved", BigInteger, nullable=False),
    CheckConstraint("reserved >= 0", name="vidi_periods_reserved"),
)
"""The sums of the charges of each run, day, week and month: what caps are held against."""

receipts = Table(
    "vidi_receipts",
    metadata,
    Column("provider", String, primary_key=True),
    Column("request_id", String, primary_key=True),
    Column("run", String, nullable=False),
    Column("inference", String, nullable=False),
    Column("attempt", Integer, nullable=False),
)
"""Which attempt each request at a provider belongs to; ledgers from before it had one gain it."""

bills = Table(
    "vidi_bills",
    metadata,
    Column("run", String, primary_key=True),
    Column("inference", String, primary_key=True),
    Column("attempt", Integer, primary_key=True),
    Column("model", String, nullable=False),
    Column("low", BigInteger, nullable=False),
    Column("high", BigInteger, nullable=False),
    Column("scale", BigInteger, nullable=False),
    Column("actual", BigInteger, nullable=False),
    Column("basis", String, nullable=False),
    Column("status", String, nullable=False),
    Column("as_of", String, nullable=False),
    Column("billed_at", String, nullable=False),
    Index("vidi_bills_model", "model", "billed_at"),
)
"""What providers billed beside what price rules said; ledgers from before it had one gain it."""

tags = Table(
    "vidi_tags",
    metadata,
    Column("run", String, primary_key=True),
    Column("inference", String, primary_key=True),
    Column("tag", String, primary_key=True),
)
"""The tags of what each run was to buy; ledgers from before it had one gain it."""

paces = Table(
    "vidi_paces",
    metadata,
    Column("provider", String, primary_key=True),
    Column("account", String, primary_key=True),
    Column("next_at", Float, nullable=False),
    Column("closed_until", Float, nullable=False),
)
"""When the next submit to an account may go (GCRA). Seconds since the epoch: times, not money."""

leases = Table(
    "vidi_leases",
    metadata,
    Column("provider", String, primary_key=True),
    Column("account", String, primary_key=True),
    Column("holder", String, primary_key=True),
    Column("until", Float, nullable=False),
)
"""Who is under way at an account, and when that counts as over whatever became of the holder."""


def micros_up(usd: Decimal) -> int:
    """Whole micro-dollars that hold an amount: for what is reserved and spent."""
    return int((usd * _MILLION).to_integral_value(ROUND_CEILING))


def micros_down(usd: Decimal) -> int:
    """Whole micro-dollars within an amount: for caps."""
    return min(int((usd * _MILLION).to_integral_value(ROUND_FLOOR)), UNCAPPED)


def usd_of(micros: int) -> Decimal:
    """Micro-dollars as USD."""
    return Decimal(int(micros)).scaleb(-6)
