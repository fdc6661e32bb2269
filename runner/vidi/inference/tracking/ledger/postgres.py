"""A ledger in PostgreSQL, by SQLAlchemy and psycopg: one connection, one transaction a work.

Each work is committed by itself: several in one transaction would lock rows in whatever order they
were asked for, and two processes would wait for each other. Importing this loads SQLAlchemy, which
is there with the extra `postgres`.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from vidi.errors import UsageError, VidiError
from vidi.inference.tracking.ledger.trouble import explain
from vidi.inference.tracking.ledger.work import Outcome

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from vidi.inference.tracking.ledger.work import Work

MISSING = UsageError(
    "a PostgreSQL ledger needs a driver that is not installed",
    hint="Install it with: pip install 'vidi-run[postgres]'",
)


class PostgresTransaction:
    """A transaction of an open connection."""

    locking = " FOR UPDATE"

    def __init__(self, connection: sa.Connection, *, repeated: bool) -> None:
        self._connection = connection
        self.repeated = repeated

    def read(self, statement: str, values: Mapping[str, object] | None = None) -> Sequence[Any]:
        """The rows of a query, each a tuple."""
        return self._connection.execute(_text(statement), dict(values or {})).all()

    def change(self, statement: str, values: Mapping[str, object]) -> int:
        """Carry out a statement; returns how many rows it has changed."""
        return self._connection.execute(_text(statement), dict(values)).rowcount

    def change_each(self, statement: str, rows: Iterable[Mapping[str, object]]) -> None:
        """Carry out a statement once for each of some rows."""
        if listed := [dict(row) for row in rows]:
            self._connection.execute(_text(statement), listed)

    def read_clock(self) -> float:
        """The server's clock: that of everybody."""
        return float(self.read("SELECT extract(epoch FROM clock_timestamp())")[0][0])


class PostgresDatabase:
    """The server.

    Args:
        address: A postgresql:// URL.
        patience_s: Seconds to wait for it to answer, and for another to let go of a row.

    Raises:
        UsageError: The address is none, or the driver is not installed.
    """

    def __init__(self, address: str, patience_s: float) -> None:
        try:
            url = sa.make_url(address)
        except (sa.exc.ArgumentError, ValueError) as error:
            raise refuse_address("what it holds cannot be read") from error
        if url.get_backend_name() not in {"postgresql", "postgres"}:
            raise refuse_address(f"{url.drivername}:// is neither")
        try:
            self._engine = sa.create_engine(
                url.set(drivername="postgresql+psycopg"),
                pool_pre_ping=True,
                connect_args={
                    "connect_timeout": max(2, round(patience_s)),
                    "options": f"-c lock_timeout={patience_s * 1000:.0f} -c timezone=UTC",
                },
            )
        except ImportError as error:
            raise MISSING from error
        self.where = url.render_as_string(hide_password=True)

    def carry_out(self, works: Sequence[Work[Any]]) -> Sequence[Outcome]:
        """Carry out what is waiting, each by itself."""
        return [self._carry_out_one(work) for work in works]

    def hurry(self) -> None:
        """Wait for nothing any more."""

    def close(self) -> None:
        """Let go of every connection."""
        self._engine.dispose()

    def _carry_out_one(self, work: Work[Any]) -> Outcome:
        try:
            with self._engine.begin() as connection:
                return Outcome(work.carry_out(PostgresTransaction(connection, repeated=False)))
        except VidiError as error:
            return Outcome(error=error)
        except sa.exc.SQLAlchemyError as error:
            return Outcome(error=explain(self.where, error))


def refuse_address(why: str) -> UsageError:
    """What is said of an address that is none."""
    return UsageError(
        f"VIDI_LEDGER is a path or a postgresql:// URL, and {why}",
        hint="Write postgresql://user:password@host:port/database, or a path, or unset it.",
    )


@cache
def _text(statement: str) -> sa.TextClause:
    return sa.text(statement)
