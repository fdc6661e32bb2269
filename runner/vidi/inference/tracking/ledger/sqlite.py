"""A ledger in an SQLite file, by the standard library: one connection, one transaction a batch.

Each work of a batch has a savepoint of its own, so that one which is refused takes nothing of the
others with it; the commit serves all of them, and when it fails, none was carried out.
"""

from __future__ import annotations

import contextlib
import sqlite3
import time
from itertools import groupby
from typing import TYPE_CHECKING, Any

import tenacity

from vidi.errors import VidiError
from vidi.inference.tracking.ledger.trouble import explain
from vidi.inference.tracking.ledger.work import Outcome

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from vidi.inference.tracking.ledger.work import Work

WAL_S = 5
"""Seconds to go on trying to write ahead where several processes make a file at once."""


class SqliteTransaction:
    """A transaction of an open connection."""

    locking = ""
    repeated = False

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def read(self, statement: str, values: Mapping[str, object] | None = None) -> Sequence[Any]:
        """The rows of a query, each a tuple."""
        return self._connection.execute(statement, values or {}).fetchall()

    def change(self, statement: str, values: Mapping[str, object]) -> int:
        """Carry out a statement; returns how many rows it has changed."""
        return self._connection.execute(statement, values).rowcount

    def change_each(self, statement: str, rows: Iterable[Mapping[str, object]]) -> None:
        """Carry out a statement once for each of some rows."""
        self._connection.executemany(statement, rows)

    def read_clock(self) -> float:
        """This machine's clock: the file is on it."""
        return time.time()


class SqliteDatabase:
    """The file.

    Args:
        path: Where it is; made where there is none.
        patience_s: Seconds to wait for another process to let go of it, each time.
    """

    def __init__(self, path: Path, patience_s: float) -> None:
        self._path = path
        self._patience_s = patience_s
        self._connection: sqlite3.Connection | None = None
        self._safe: bool | None = None
        """Whether the connection has the next commit survive a power failure."""

    def carry_out(self, works: Sequence[Work[Any]]) -> Sequence[Outcome]:
        """Carry out what is waiting: what changes something in one transaction."""
        outcomes: list[Outcome] = []
        for reads, group in groupby(works, lambda work: work.purpose == "reads"):
            outcomes += self._carry_out(list(group), reads=reads)
        return outcomes

    def outlast(self, seconds: float, tell: Callable[[str], None]) -> None:
        """A file is never away."""

    def hurry(self) -> None:
        """Nothing here waits for long."""

    def break_off(self) -> None:
        """Nothing here waits for long."""

    def close(self) -> None:
        """Close the file."""
        if self._connection is not None:
            self._connection.close()
            self._connection = self._safe = None

    def _carry_out(self, works: Sequence[Work[Any]], *, reads: bool) -> list[Outcome]:
        safe = any(work.purpose == "writes" for work in works)
        try:
            with self._transaction(reads=reads, safe=safe) as connection:
                return [self._carry_out_one(work, connection) for work in works]
        except sqlite3.Error as error:
            return [Outcome(error=explain(str(self._path), error)) for _ in works]

    def _carry_out_one(self, work: Work[Any], connection: sqlite3.Connection) -> Outcome:
        connection.execute("SAVEPOINT work")
        try:
            made = work.carry_out(SqliteTransaction(connection))
        except (sqlite3.Error, VidiError) as error:
            if not connection.in_transaction:
                raise  # SQLite has given up the whole of it
            connection.execute("ROLLBACK TO work")
            connection.execute("RELEASE work")
            told = error if isinstance(error, VidiError) else explain(str(self._path), error)
            return Outcome(error=told)
        connection.execute("RELEASE work")
        return Outcome(made)

    @contextlib.contextmanager
    def _transaction(self, *, reads: bool, safe: bool) -> Iterator[sqlite3.Connection]:
        connection = self._connection = self._connection or self._open()
        if not reads and safe is not self._safe:  # NORMAL: a power failure may take the last ones
            connection.execute(f"PRAGMA synchronous={'FULL' if safe else 'NORMAL'}")
            self._safe = safe
        # A writer takes its lock first: what it reads is then still true when it writes.
        connection.execute("BEGIN" if reads else "BEGIN IMMEDIATE")
        with contextlib.ExitStack() as undoing:
            undoing.callback(connection.rollback)
            yield connection
            connection.commit()
            undoing.pop_all()

    def _open(self) -> sqlite3.Connection:
        # No transaction but ours, and no thread but the one that asks.
        connection = sqlite3.connect(self._path, timeout=self._patience_s, isolation_level=None)
        try:
            _write_ahead(connection)
        except sqlite3.Error:
            connection.close()
            raise
        return connection


def _write_ahead(connection: sqlite3.Connection) -> None:
    """Let readers not wait for writers.

    SQLite does not wait, as it does elsewhere, where several processes make a file at once.
    """
    at_once = tenacity.Retrying(
        retry=tenacity.retry_if_exception(_is_busy),
        wait=tenacity.wait_random(0.005, 0.05),
        stop=tenacity.stop_after_delay(WAL_S),
        reraise=True,
    )
    at_once(connection.execute, "PRAGMA journal_mode=WAL")


def _is_busy(error: BaseException) -> bool:
    return isinstance(error, sqlite3.Error) and error.sqlite_errorcode == sqlite3.SQLITE_BUSY
