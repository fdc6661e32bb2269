"""Where the ledger is, and one way to talk to it: a transaction that holds or never was.

Importing this loads SQLAlchemy.
"""

from __future__ import annotations

import contextlib
import sqlite3
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Literal, NamedTuple

import sqlalchemy as sa
import tenacity
from sqlalchemy.dialects import postgresql, sqlite

from vidi.errors import StorageError, UsageError, VidiError
from vidi.inference.tracking.ledger.schema import (
    SCHEMA_VERSION,
    about,
    bills,
    metadata,
    receipts,
    tags,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

Purpose = Literal["writes", "notes", "reads"]

BUSY_S = 5
"""Seconds to wait for another process to let go of the ledger, and for a server to answer."""
_SCHEMA_LOCK = 0x76696469  # "vidi": held while the tables are made
_BEGIN: dict[Purpose, tuple[str, ...]] = {
    "writes": ("PRAGMA synchronous=FULL", "BEGIN IMMEDIATE"),  # NORMAL may lose the last commits
    "notes": ("PRAGMA synchronous=NORMAL", "BEGIN IMMEDIATE"),
    "reads": ("BEGIN",),
}
HINT = "Mend or move it, name another one with VIDI_LEDGER, or run untracked with VIDI_COSTS=off."


class Ledger(NamedTuple):
    """An open ledger."""

    engine: sa.Engine
    where: str
    """Its path, or its URL without the password."""

    @contextlib.contextmanager
    def writing(self) -> Iterator[sa.Connection]:
        """A transaction that writes, and that no power failure takes back.

        Raises:
            StorageError: It could not be carried out, and nothing of it was.
        """
        with self._transaction("writes") as connection:
            yield connection

    @contextlib.contextmanager
    def noting(self) -> Iterator[sa.Connection]:
        """A transaction that a power failure may take back: the journal knows it, or it is a pace.

        Raises:
            StorageError: It could not be carried out, and nothing of it was.
        """
        with self._transaction("notes") as connection:
            yield connection

    @contextlib.contextmanager
    def reading(self) -> Iterator[sa.Connection]:
        """A transaction that only reads, and waits for no writer.

        Raises:
            StorageError: The ledger cannot be read.
        """
        with self._transaction("reads") as connection:
            yield connection

    def close(self) -> None:
        """Let go of every connection."""
        self.engine.dispose()

    @contextlib.contextmanager
    def _transaction(self, purpose: Purpose) -> Iterator[sa.Connection]:
        engine = self.engine.execution_options(vidi_purpose=purpose)
        try:
            with engine.begin() as connection:
                yield connection
        except (sa.exc.SQLAlchemyError, sqlite3.Error) as error:
            raise _explain(self.where, error) from error


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
        with ledger.reading() as connection:
            tables = sa.inspect(connection).get_table_names()
        if not {about.name, receipts.name, bills.name, tags.name} <= set(tables):
            with ledger.writing() as connection:
                _make_tables(connection)
        with ledger.reading() as connection:
            _check_version(connection, ledger.where)
    except VidiError:
        ledger.close()
        raise
    return ledger


def insert_once(
    connection: sa.Connection, table: sa.Table, rows: Sequence[Mapping[str, object]]
) -> None:
    """Insert rows; those whose key is there already stay as they are."""
    connection.execute(_insert_once(connection.dialect.name, table), list(rows))


@cache
def _insert_once(dialect: str, table: sa.Table) -> sa.Insert:
    """The statement, made once: SQLAlchemy takes longer to make one than SQLite to carry it out."""
    if dialect == "sqlite":
        return sqlite.insert(table).on_conflict_do_nothing()
    return postgresql.insert(table).on_conflict_do_nothing()


def _open_file(path: Path, patience_s: float) -> Ledger:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StorageError(
            f"cannot make the ledger's folder {path.parent}: {error.strerror}", hint=HINT
        ) from error
    url = sa.URL.create("sqlite", database=str(path))
    engine = sa.create_engine(url, connect_args={"timeout": patience_s})
    sa.event.listen(engine, "connect", _prepare_sqlite)
    sa.event.listen(engine, "begin", _begin_sqlite)
    return Ledger(engine, str(path))


def _open_url(address: str, patience_s: float) -> Ledger:
    try:
        url = sa.make_url(address)
    except (sa.exc.ArgumentError, ValueError) as error:
        raise _refuse_address("what it holds cannot be read") from error
    if url.get_backend_name() not in {"postgresql", "postgres"}:
        raise _refuse_address(f"{url.drivername}:// is neither")
    try:
        engine = sa.create_engine(
            url.set(drivername="postgresql+psycopg"),
            pool_pre_ping=True,
            connect_args={
                "connect_timeout": max(2, round(patience_s)),
                "options": f"-c lock_timeout={patience_s * 1000:.0f} -c timezone=UTC",
            },
        )
    except ImportError as error:
        raise UsageError(
            "a PostgreSQL ledger needs a driver that is not installed",
            hint="Install it with: pip install 'vidi-run[postgres]'",
        ) from error
    return Ledger(engine, url.render_as_string(hide_password=True))


def _refuse_address(why: str) -> UsageError:
    return UsageError(
        f"VIDI_LEDGER is a path or a postgresql:// URL, and {why}",
        hint="Write postgresql://user:password@host:port/database, or a path, or unset it.",
    )


def _prepare_sqlite(connection: sqlite3.Connection, record: object) -> None:
    """Readers do not wait for writers.

    SQLite does not wait, as it does elsewhere, where several processes make a file at once.
    """
    del record
    connection.isolation_level = None  # transactions are ours: see _begin_sqlite
    cursor = connection.cursor()
    at_once = tenacity.Retrying(
        retry=tenacity.retry_if_exception(_is_busy),
        wait=tenacity.wait_random(0.005, 0.05),
        stop=tenacity.stop_after_delay(BUSY_S),
        reraise=True,
    )
    at_once(cursor.execute, "PRAGMA journal_mode=WAL")
    cursor.close()


def _is_busy(error: BaseException) -> bool:
    return isinstance(error, sqlite3.Error) and error.sqlite_errorcode == sqlite3.SQLITE_BUSY


def _begin_sqlite(connection: sa.Connection) -> None:
    """A writer takes its lock first: what it reads is then still true when it writes."""
    cursor = connection.connection.cursor()
    for statement in _BEGIN[connection.get_execution_options()["vidi_purpose"]]:
        cursor.execute(statement)
    cursor.close()


def _make_tables(connection: sa.Connection) -> None:
    if connection.dialect.name == "postgresql":
        connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_SCHEMA_LOCK)))
    metadata.create_all(connection)
    insert_once(connection, about, [{"name": "schema", "value": SCHEMA_VERSION}])


def _check_version(connection: sa.Connection, where: str) -> None:
    found = connection.scalar(sa.select(about.c.value).where(about.c.name == "schema"))
    if found != SCHEMA_VERSION:
        raise StorageError(
            f"the ledger {where} has version {found}, and this vidi knows {SCHEMA_VERSION}",
            hint="Update vidi, or name another ledger with VIDI_LEDGER.",
        )


def _explain(where: str, error: Exception) -> StorageError:
    cause = getattr(error, "orig", None) or error
    reason = str(cause).strip().partition("\n")[0]
    return StorageError(f"the ledger {where} cannot be used: {reason}", hint=HINT)
