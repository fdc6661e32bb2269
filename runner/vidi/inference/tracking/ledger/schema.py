"""The ledger's tables. Amounts are whole micro-dollars: every database adds them exactly."""

from __future__ import annotations

from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal

SCHEMA_VERSION = 1
_MILLION = Decimal(1_000_000)
UNCAPPED = 2**62
"""Micro-dollars: more than all the money there is, and within a signed 64-bit integer."""

ABOUT = ("name", "value")
RUNS = ("run", "job", "folder", "started_at")
KEY = ("run", "inference", "attempt")
CHARGES = (
    *(*KEY, "model", "provider", "reserved", "actual"),
    *("day", "week", "month", "reserved_at", "settled_at"),
)
PERIODS = ("kind", "label", "spent", "reserved")
RECEIPTS = ("provider", "request_id", *KEY)
BILLS = (*KEY, "model", "low", "high", "scale", "actual", "basis", "status", "as_of", "billed_at")
TAGS = ("run", "inference", "tag")
PACES = ("provider", "account", "next_at", "closed_until")
LEASES = ("provider", "account", "holder", "until")
"""The columns of each table, in the order in which rows are inserted and read."""

TABLES = {
    "vidi_about": """
        name VARCHAR NOT NULL, value INTEGER NOT NULL, PRIMARY KEY (name)""",
    # Every run that was made under this ledger. Times are ISO 8601 in UTC, so that text sorts them.
    "vidi_runs": """
        run VARCHAR NOT NULL, job VARCHAR NOT NULL, folder VARCHAR NOT NULL,
        started_at VARCHAR NOT NULL, PRIMARY KEY (run)""",
    # A row an attempt. `actual` is null while it may still be billed; `reserved` stays as it was.
    "vidi_charges": """
        run VARCHAR NOT NULL, inference VARCHAR NOT NULL, attempt INTEGER NOT NULL,
        model VARCHAR NOT NULL, provider VARCHAR NOT NULL,
        reserved BIGINT NOT NULL, actual BIGINT,
        day VARCHAR NOT NULL, week VARCHAR NOT NULL, month VARCHAR NOT NULL,
        reserved_at VARCHAR NOT NULL, settled_at VARCHAR,
        PRIMARY KEY (run, inference, attempt)""",
    # The sums of the charges of each run, day, week and month: what caps are held against.
    "vidi_periods": """
        kind VARCHAR NOT NULL, label VARCHAR NOT NULL,
        spent BIGINT NOT NULL, reserved BIGINT NOT NULL, PRIMARY KEY (kind, label),
        CONSTRAINT vidi_periods_reserved CHECK (reserved >= 0)""",
    # Which attempt each request at a provider belongs to.
    "vidi_receipts": """
        provider VARCHAR NOT NULL, request_id VARCHAR NOT NULL, run VARCHAR NOT NULL,
        inference VARCHAR NOT NULL, attempt INTEGER NOT NULL, PRIMARY KEY (provider, request_id)""",
    # What providers billed beside what price rules said.
    "vidi_bills": """
        run VARCHAR NOT NULL, inference VARCHAR NOT NULL, attempt INTEGER NOT NULL,
        model VARCHAR NOT NULL, low BIGINT NOT NULL, high BIGINT NOT NULL, scale BIGINT NOT NULL,
        actual BIGINT NOT NULL, basis VARCHAR NOT NULL, status VARCHAR NOT NULL,
        as_of VARCHAR NOT NULL, billed_at VARCHAR NOT NULL,
        PRIMARY KEY (run, inference, attempt)""",
    # The tags of what each run was to buy.
    "vidi_tags": """
        run VARCHAR NOT NULL, inference VARCHAR NOT NULL, tag VARCHAR NOT NULL,
        PRIMARY KEY (run, inference, tag)""",
    # When the next submit to an account may go (GCRA). Seconds since the epoch: times, not money.
    "vidi_paces": """
        provider VARCHAR NOT NULL, account VARCHAR NOT NULL, next_at FLOAT NOT NULL,
        closed_until FLOAT NOT NULL, PRIMARY KEY (provider, account)""",
    # Who is under way at an account, and when that counts as over whatever became of the holder.
    "vidi_leases": """
        provider VARCHAR NOT NULL, account VARCHAR NOT NULL, holder VARCHAR NOT NULL,
        until FLOAT NOT NULL, PRIMARY KEY (provider, account, holder)""",
}
"""Name to columns."""
ASKED_FOR = {"vidi_about", "vidi_receipts", "vidi_bills", "vidi_tags"}
"""A ledger without these is new, or from before they were thought of, and gains them.

Where another is missing it is damaged: sums that begin anew would let everything through.
"""
INDEXES = {
    "ix_vidi_runs_folder": "vidi_runs (folder)",
    "vidi_charges_day": "vidi_charges (day)",
    "vidi_bills_model": "vidi_bills (model, billed_at)",
}


def micros_up(usd: Decimal) -> int:
    """Whole micro-dollars that hold an amount: for what is reserved and spent."""
    return int((usd * _MILLION).to_integral_value(ROUND_CEILING))


def micros_down(usd: Decimal) -> int:
    """Whole micro-dollars within an amount: for caps."""
    return min(int((usd * _MILLION).to_integral_value(ROUND_FLOOR)), UNCAPPED)


def usd_of(micros: int) -> Decimal:
    """Micro-dollars as USD."""
    return Decimal(int(micros)).scaleb(-6)
