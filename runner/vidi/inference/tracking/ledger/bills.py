"""The ledger's bills: what was billed beside what the price rule had said, for later estimates.

An SQLite ledger is only read, and not made where there is none: an estimate leaves no trace.
"""

from __future__ import annotations

import contextlib
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

from vidi.errors import StorageError
from vidi.inference.models.prices.estimate import RuleFigures
from vidi.inference.tracking.bills import Bill, PastBills
from vidi.inference.tracking.ledger.address import show_address
from vidi.inference.tracking.ledger.trouble import unreadable_row

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    Row = Sequence[object]

_OF_MODEL = """
SELECT model, low, high, scale, actual, basis, status, as_of FROM vidi_bills
WHERE model = :model AND (
    actual * 100 > high * 102
    OR billed_at >= COALESCE((
        SELECT billed_at FROM vidi_bills WHERE model = :model
        ORDER BY billed_at DESC LIMIT 1 OFFSET 199
    ), '')
)
"""
"""The latest two hundred say what is usual; what lies beyond its rule counts however old it is."""
_BEYOND = """
SELECT model, low, high, scale, actual, basis, status, as_of FROM vidi_bills
WHERE actual * 100 > high * 102 OR actual * 100 < low * 98
ORDER BY model, billed_at
"""
_MILLION = 6
"""Digits of a micro-dollar."""
_MOST = 2**53
"""Micro-dollars of a bill that is believed."""


def read_past_bills(address: str | None) -> PastBills:
    """What the ledger at a path or URL knows of each model, read when it is asked for.

    A ledger that cannot be read has nothing to say here: whoever must write to it says what is
    wrong with it.
    """
    if address is None:
        return PastBills()

    def load(model: str) -> Iterable[Bill]:
        with contextlib.suppress(StorageError):
            return _fetch(address, _OF_MODEL, {"model": model})
        return ()

    return PastBills(load)


def read_beyond(address: str) -> list[Bill]:
    """Every bill that may lie beyond what its rule said, by model, the oldest first.

    Raises:
        StorageError: The ledger cannot be read.
    """
    return _fetch(address, _BEYOND, {})


def _fetch(address: str, query: str, values: Mapping[str, object]) -> list[Bill]:
    rows = _ask_server(address, query, values) if "://" in address else None
    try:
        return [_read(row) for row in (_ask_file(address, query, values) if rows is None else rows)]
    except (ArithmeticError, ValueError) as error:
        raise unreadable_row(show_address(address)) from error


def _ask_file(address: str, query: str, values: Mapping[str, object]) -> list[Row]:
    import sqlite3

    path = Path(address).expanduser()
    if not path.exists():
        return []
    try:
        url = f"file:{quote(str(path.resolve()))}?mode=ro"
        with contextlib.closing(sqlite3.connect(url, uri=True)) as connection:
            known = "SELECT 1 FROM sqlite_master WHERE name = 'vidi_bills'"
            if connection.execute(known).fetchone() is None:
                return []  # no run has been made since ledgers keep them
            return connection.execute(query, values).fetchall()
    except sqlite3.Error as error:
        raise StorageError(f"the ledger {path} cannot be read: {error}") from error


def _ask_server(address: str, query: str, values: Mapping[str, object]) -> list[Row]:
    from vidi.inference.tracking.ledger.connection import open_ledger
    from vidi.inference.tracking.ledger.work import Work

    with contextlib.closing(open_ledger(address)) as ledger:
        asked = Work("reads", lambda transaction: transaction.read(query, values))
        return [tuple(row) for row in ledger.do(asked)]


def _read(row: Row) -> Bill:
    model, low, high, scale, actual, basis, status, as_of = row
    rule = RuleFigures(_usd(low), _usd(high), _usd(scale))
    return Bill(str(model), rule, _usd(actual), str(basis), str(status), str(as_of))


def _usd(micros: object) -> Decimal:
    amount = Decimal(str(micros))
    if not (amount.is_finite() and abs(amount) <= _MOST):
        raise ValueError("no amount")
    return amount.scaleb(-_MILLION)
