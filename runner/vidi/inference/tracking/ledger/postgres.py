"""A ledger in PostgreSQL, by SQLAlchemy and psycopg: one connection, one transaction a work.

Each work is committed by itself: several in one transaction would lock rows in whatever order they
were asked for, and two processes would wait for each other. A work that was cut off is carried out
again once the server is back; those that write are made so that twice is as good as once. Importing
this loads SQLAlchemy, which is there with the extra `postgres`.
"""

from __future__ import annotations

import threading
import time
from functools import cache, partial
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
import tenacity

from vidi.errors import UsageError, VidiError
from vidi.inference.tracking.ledger.trouble import explain, refuse_driverless
from vidi.inference.tracking.ledger.watch import Watch
from vidi.inference.tracking.ledger.work import Outcome

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from vidi.inference.tracking.ledger.work import Work

ANSWERS = 2
"""How many times as long as another is waited for an answer may take."""
FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.1, 1.0
"""Between two tries to reach a server that is away."""
TOLD_AFTER_S = 2.0
"""An outage that lasts longer is told."""
ROWS_AT_ONCE = 500
_AWAY = ("08", "57P")
"""Classes of SQLSTATE: the connection is gone; the server shuts down or has just begun."""


class PostgresTransaction:
    """A transaction of an open connection."""

    locking = " FOR UPDATE"

    def __init__(self, connection: sa.Connection, watch: Watch, *, repeated: bool) -> None:
        self._connection = connection
        self._watch = watch
        self.repeated = repeated

    def read(self, statement: str, values: Mapping[str, object] | None = None) -> Sequence[Any]:
        """The rows of a query, each a tuple."""
        with self._watch.waiting(_file_of(self._connection)):
            return self._connection.execute(_text(statement), dict(values or {})).all()

    def change(self, statement: str, values: Mapping[str, object]) -> int:
        """Carry out a statement; returns how many rows it has changed."""
        with self._watch.waiting(_file_of(self._connection)):
            return self._connection.execute(_text(statement), dict(values)).rowcount

    def change_each(self, statement: str, rows: Iterable[Mapping[str, object]]) -> None:
        """Carry out a statement once for each of some rows."""
        listed = [dict(row) for row in rows]
        for start in range(0, len(listed), ROWS_AT_ONCE):
            with self._watch.waiting(_file_of(self._connection)):
                some = listed[start : start + ROWS_AT_ONCE]
                self._connection.execute(_text(statement), some)

    def copy_in(self, target: str, rows: Iterable[Sequence[object]]) -> None:
        """Bring rows into a table and its named columns, by COPY."""
        driver: Any = self._connection.connection.dbapi_connection
        with (
            self._watch.waiting(_file_of(self._connection)),
            driver.cursor() as cursor,
            cursor.copy(f"COPY {target} FROM STDIN") as copy,
        ):
            for row in rows:
                copy.write_row(row)

    def run_script(self, script: str) -> None:
        """Carry out statements as they are: they name no values."""
        driver: Any = self._connection.connection.dbapi_connection
        with self._watch.waiting(_file_of(self._connection)), driver.cursor() as cursor:
            cursor.execute(script)

    def read_clock(self) -> float:
        """The server's clock: that of everybody."""
        return float(self.read("SELECT extract(epoch FROM clock_timestamp())")[0][0])


class PostgresDatabase:
    """The server.

    Args:
        address: A postgresql:// URL.
        patience_s: Seconds to wait for it to let us in, and for another to let go of a row; an
            answer may take twice as long.

    Raises:
        UsageError: The address is none, or the driver is not installed.
    """

    def __init__(self, address: str, patience_s: float) -> None:
        url = _read_address(address)
        # Without its options: libpq takes a password there, too.
        self.where = url.set(query={}).render_as_string(hide_password=True)
        self._engine = _make_engine(url, patience_s)
        self._at_once = self._engine.execution_options(isolation_level="AUTOCOMMIT")
        """The same connection; each statement is a transaction."""
        self._watch = Watch(ANSWERS * patience_s)
        self._outage_s = 0.0
        self._tell: Callable[[str], None] = lambda message: None  # noqa: ARG005 - nobody listens
        self._hurried = threading.Event()
        self._away_since: float | None = None
        self._gone: Exception | None = None
        """Why it could not be reached the last time."""
        self._told = False
        self._reached = False

    def carry_out(self, works: Sequence[Work[Any]]) -> Sequence[Outcome]:
        """Carry out what is waiting, each by itself."""
        return [self._carry_out_one(work) for work in works]

    def outlast(self, seconds: float, tell: Callable[[str], None]) -> None:
        """Wait so long for a server that is away, and say so."""
        self._outage_s, self._tell = seconds, tell

    def hurry(self) -> None:
        """Wait for no server that is away any more."""
        self._hurried.set()

    def break_off(self) -> None:
        """Wait for no answer any more."""
        self._hurried.set()
        self._watch.break_off()

    def close(self) -> None:
        """Let go of every connection."""
        self._watch.close()
        self._engine.dispose()

    def _carry_out_one(self, work: Work[Any]) -> Outcome:
        if self._gone is not None and self._hurried.is_set():
            return Outcome(error=explain(self.where, self._gone))
        # It may have been away and back since a connection was last used: then at once, and once.
        stale = self._reached and self._gone is None
        patiently = tenacity.Retrying(
            retry=tenacity.retry_if_exception(_is_away),
            wait=partial(_choose_pause, stale=stale),
            stop=partial(self._gives_up, stale=stale),
            sleep=self._pause,
            reraise=True,
        )
        made: object = None
        try:
            for attempt in patiently:
                with attempt:
                    repeated = attempt.retry_state.attempt_number > 1
                    made = self._try(work, repeated=repeated)
            return Outcome(made)
        except VidiError as error:
            return Outcome(error=error)
        except sa.exc.SQLAlchemyError as error:
            self._gone = error if _is_away(error) else None
            return Outcome(error=explain(self.where, error))

    def _try(self, work: Work[Any], *, repeated: bool) -> object:
        with (self._at_once if work.alone else self._engine).connect() as connection:
            begun = None if work.alone else connection.begin()
            made = work.carry_out(PostgresTransaction(connection, self._watch, repeated=repeated))
            if begun is not None:
                with self._watch.waiting(_file_of(connection)):
                    begun.commit()
        self._reached, self._away_since, self._gone = True, None, None
        if self._told:
            self._told = False
            self._tell(f"the ledger {self.where} answers again")
        return made

    def _gives_up(self, state: tenacity.RetryCallState, *, stale: bool) -> bool:
        now = time.monotonic()
        self._away_since = self._away_since or now
        if self._hurried.is_set():
            return True
        if stale and state.attempt_number == 1:
            return False
        return now - self._away_since >= self._outage_s

    def _pause(self, seconds: float) -> None:
        away_s = time.monotonic() - (self._away_since or 0.0)
        if not self._told and self._outage_s and away_s > TOLD_AFTER_S:
            self._told = True
            self._tell(
                f"the ledger {self.where} does not answer: nothing is bought until it does, for "
                f"{self._outage_s:g} s at most"
            )
        self._hurried.wait(seconds)


def refuse_address(why: str) -> UsageError:
    """What is said of an address that is none."""
    return UsageError(
        f"VIDI_LEDGER is a path or a postgresql:// URL, and {why}",
        hint="Write postgresql://user:password@host:port/database, or a path, or unset it.",
    )


def _read_address(address: str) -> sa.URL:
    try:
        url = sa.make_url(address)
    except (sa.exc.ArgumentError, ValueError) as error:
        raise refuse_address("what it holds cannot be read") from error
    if url.get_backend_name() not in {"postgresql", "postgres"}:
        raise refuse_address(f"{url.drivername}:// is neither")
    return url


def _make_engine(url: sa.URL, patience_s: float) -> sa.Engine:
    """One connection, by which nothing is waited for without end."""
    answer_ms = round(ANSWERS * patience_s * 1000)
    limits = {
        "lock_timeout": round(patience_s * 1000),
        "statement_timeout": answer_ms,
        "idle_in_transaction_session_timeout": answer_ms,  # a process that is frozen locks no row
        "timezone": "UTC",
    }
    try:
        return sa.create_engine(
            url.set(drivername="postgresql+psycopg"),
            pool_size=1,
            connect_args={
                "connect_timeout": max(2, round(patience_s)),
                "keepalives_idle": 10,
                "keepalives_interval": 5,
                "keepalives_count": 3,
                "tcp_user_timeout": answer_ms,
                "options": " ".join(f"-c {name}={value}" for name, value in limits.items()),
            },
        )
    except ImportError as error:
        raise refuse_driverless() from error


def _choose_pause(state: tenacity.RetryCallState, *, stale: bool) -> float:
    if stale and state.attempt_number == 1:
        return 0.0
    return tenacity.wait_random_exponential(FIRST_PAUSE_S, LONGEST_PAUSE_S)(state)


def _is_away(error: BaseException) -> bool:
    """Whether the server could not be reached, or went away."""
    if not isinstance(error, sa.exc.OperationalError):
        return False
    state = getattr(error.orig, "sqlstate", None)
    return error.connection_invalidated or state is None or state.startswith(_AWAY)


def _file_of(connection: sa.Connection) -> int:
    """The number of the file by which a connection is open."""
    pgconn: Any = connection.connection.dbapi_connection
    return int(pgconn.pgconn.socket)


@cache
def _text(statement: str) -> sa.TextClause:
    return sa.text(statement)
