"""Where the ledger is, and one way to ask it: a work that holds or never was, in its own thread.

No event loop waits for it, and what is asked for at once is committed at once. Importing this loads
no database: that of the address is loaded when it is opened.
"""

from __future__ import annotations

import contextlib
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, cast

from vidi.errors import StorageError, VidiError
from vidi.inference.tracking.batches import BatchThread
from vidi.inference.tracking.ledger.schema import ABOUT, ASKED_FOR, INDEXES, SCHEMA_VERSION, TABLES
from vidi.inference.tracking.ledger.trouble import HINT, refuse_driverless, unreadable_row
from vidi.inference.tracking.ledger.work import Work, insert_once

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from concurrent.futures import Future

    from vidi.inference.tracking.ledger.work import Database, Outcome, Transaction

Made = TypeVar("Made")

BUSY_S = 5
"""Seconds to wait for another process to let go of the ledger, and for a server to answer."""
CLOSING_S = 1.5
"""Seconds to wait for a server that does not answer when it is closed."""
_SCHEMA_LOCK = 0x76696469  # "vidi": held while the tables are made


class Ledger:
    """An open ledger. May be used from any thread.

    Args:
        database: Where it is.
        where: Its path, or its URL without the password.
    """

    def __init__(self, database: Database, where: str) -> None:
        self.where = where
        self._database = database
        self._thread = BatchThread[Work[Any], "Outcome", object](
            "vidi-ledger", database.carry_out, _give
        )

    async def ask(self, work: Work[Made]) -> Made:
        """Have a work carried out, on an event loop.

        Who is cancelled meanwhile does not know whether it was.

        Raises:
            StorageError: It could not be carried out, and nothing of it was.
            VidiError: What the work itself raises; nothing of it was carried out.
        """
        with self._rows_explained(work):
            return cast("Made", await self._thread.ask(work))

    def do(self, work: Work[Made]) -> Made:
        """Have a work carried out where there is no event loop, and wait for it.

        Raises:
            StorageError: It could not be carried out, and nothing of it was.
            VidiError: What the work itself raises; nothing of it was carried out.
        """
        with self._rows_explained(work):
            return cast("Made", self._thread.ask_outside(work).result())

    def begin(self, work: Work[Made]) -> Future[Made]:
        """Have a work carried out soon, and do not wait for it; later ones come after it."""
        return cast("Future[Made]", self._thread.leave(work))

    def outlast(self, seconds: float, tell: Callable[[str], None]) -> None:
        """From now on, wait for a server that is away, and say so.

        Args:
            seconds: How long an outage may last.
            tell: Called in another thread with what is to be said of it.
        """
        self._database.outlast(seconds, tell)

    def hurry(self) -> None:
        """Wait no longer for a server that is away, nor for company: the run is over."""
        self._database.hurry()
        self._thread.hurry()

    def break_off(self) -> None:
        """Wait no longer for a server that says nothing."""
        self._database.break_off()

    @contextlib.contextmanager
    def _rows_explained(self, work: Work[Any]) -> Iterator[None]:
        """Say in words that a row holds what no vidi has written."""
        try:
            yield
        except (ArithmeticError, TypeError, ValueError) as error:
            if work.purpose != "reads":
                raise
            raise unreadable_row(self.where) from error

    def close(self) -> None:
        """Carry out what was asked for, and let go of every connection."""
        self._database.hurry()
        self._thread.close(self._database.close, CLOSING_S, self._database.break_off)


def open_ledger(address: str, *, patience_s: float = BUSY_S) -> Ledger:
    """Open the ledger at a path or a postgresql:// URL, and make it where there is none.

    Args:
        address: The path or the URL.
        patience_s: Seconds to wait for another process to let go of it, each time.

    Raises:
        UsageError: The address is neither, or the driver is not installed.
        StorageError: It cannot be opened, is locked, or is no ledger.
    """
    if "://" in address:
        ledger = _open_url(address, patience_s)
    else:
        ledger = _open_file(Path(address).expanduser(), patience_s)
    try:
        server = "://" in address
        known = set(ledger.do(Work("reads", partial(_list_tables, server=server))))
        if not known >= ASKED_FOR:
            ledger.do(Work("writes", partial(_make_tables, server=server)))
        found = ledger.do(Work("reads", _read_version))
        if found != SCHEMA_VERSION:
            raise StorageError(
                f"the ledger {ledger.where} has version {found}, and this vidi knows "
                f"{SCHEMA_VERSION}",
                hint="Update vidi, or name another ledger with VIDI_LEDGER.",
            )
    except VidiError:
        ledger.close()
        raise
    return ledger


def _give(work: Work[Any], outcome: Outcome) -> object:
    """What a work has made, for who asked for it."""
    del work
    if outcome.error is not None:
        raise outcome.error
    return outcome.made


def _open_file(path: Path, patience_s: float) -> Ledger:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StorageError(
            f"cannot make the ledger's folder {path.parent}: {error.strerror}", hint=HINT
        ) from error
    from vidi.inference.tracking.ledger.sqlite import SqliteDatabase

    return Ledger(SqliteDatabase(path, patience_s), str(path))


def _open_url(address: str, patience_s: float) -> Ledger:
    try:
        from vidi.inference.tracking.ledger.postgres import PostgresDatabase
    except ImportError as error:
        raise refuse_driverless() from error
    database = PostgresDatabase(address, patience_s)
    return Ledger(database, database.where)


def _list_tables(transaction: Transaction, *, server: bool) -> list[str]:
    query = "SELECT name FROM sqlite_master WHERE type = 'table'"
    if server:
        query = "SELECT tablename FROM pg_tables WHERE schemaname = current_schema()"
    return [name for (name,) in transaction.read(query)]


def _make_tables(transaction: Transaction, *, server: bool) -> None:
    if server:
        transaction.read("SELECT pg_advisory_xact_lock(:lock)", {"lock": _SCHEMA_LOCK})
    for name, columns in TABLES.items():
        transaction.change(f"CREATE TABLE IF NOT EXISTS {name} ({columns})", {})
    for name, columns in INDEXES.items():
        transaction.change(f"CREATE INDEX IF NOT EXISTS {name} ON {columns}", {})
    row = {"name": "schema", "value": SCHEMA_VERSION}
    transaction.change(insert_once("vidi_about", ABOUT), row)


def _read_version(transaction: Transaction) -> object:
    rows = transaction.read("SELECT value FROM vidi_about WHERE name = 'schema'")
    return rows[0][0] if rows else None
