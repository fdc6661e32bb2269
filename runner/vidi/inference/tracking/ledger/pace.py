"""The pace of an account, shared by every process of a ledger: creates a minute, places at once.

Creates follow the generic cell rate algorithm: `next = max(now, next) + 1/rate`, with a few
seconds' worth of burst; a "not now" moves it for everyone. Importing this loads SQLAlchemy.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, NamedTuple

import sqlalchemy as sa

from vidi.inference.tracking.ledger.connection import insert_once
from vidi.inference.tracking.ledger.schema import leases, paces

if TYPE_CHECKING:
    from vidi.inference.tracking.ledger.connection import Ledger

# GCRA: 6 s ahead of the even rate is 60 creates at Replicate's documented 600 a minute.
BURST_S = 6.0
"""How far creates may run ahead of the even rate: the documented limits allow short bursts."""
LONGEST_CLOSED_S = 300.0
"""The longest "not now" that is believed; what is closed for longer, a wrong clock has closed."""
LONGEST_AHEAD_S = 3600.0
"""How far off a turn may be, whatever the rate."""
MOST_TURNS = 512
"""Turns that may be taken ahead; a turn further off was taken by a clock that was wrong."""
LEASE_S = 60.0
"""How long a place stays taken by a process that has gone."""
LONGEST_LEASE_S = 2 * LEASE_S
"""A place that is taken for longer was taken by a clock that was wrong."""


class Account(NamedTuple):
    """Who submits where. `name` tells accounts apart without telling their keys."""

    provider: str
    name: str

    @property
    def row(self) -> dict[str, object]:
        """What its rows have in common."""
        return {"provider": self.provider, "account": self.name}

    @property
    def named(self) -> dict[str, Any]:
        """What the statements below are given."""
        return {"of_provider": self.provider, "of_account": self.name}


_OF_ACCOUNT = sa.and_(
    paces.c.provider == sa.bindparam("of_provider"), paces.c.account == sa.bindparam("of_account")
)
_READ_PACE = sa.select(paces).where(_OF_ACCOUNT).with_for_update()
_READ_CLOSED = sa.select(paces.c.closed_until).where(_OF_ACCOUNT)
_ADVANCE = sa.update(paces).where(_OF_ACCOUNT).values(next_at=sa.bindparam("start"))


class Turn(NamedTuple):
    """A turn to submit, or that there is none yet."""

    granted: bool
    wait_s: float
    """Seconds until it comes; or until one may be asked for again, as the account is closed."""


def take_turn(ledger: Ledger, account: Account, per_minute: int) -> Turn:
    """Take the next turn to submit.

    Raises:
        StorageError: The ledger cannot be written.
    """
    with ledger.noting() as connection:
        row, now = _lock_pace(connection, account)
        closed_until = _believe(row.closed_until, now, LONGEST_CLOSED_S)
        if closed_until > now:
            return Turn(granted=False, wait_s=closed_until - now)
        interval = 60 / per_minute
        start = max(
            now, _believe(row.next_at, now, min(BURST_S + MOST_TURNS * interval, LONGEST_AHEAD_S))
        )
        connection.execute(_ADVANCE, {**account.named, "start": start + interval})
        return Turn(granted=True, wait_s=max(0.0, float(start - BURST_S - now)))


def look_for_turn(ledger: Ledger, account: Account) -> Turn:
    """Ask for a turn where no rate holds: it comes at once unless the account is closed.

    Raises:
        StorageError: The ledger cannot be read.
    """
    with ledger.reading() as connection:
        now = _read_clock(connection)
        closed_until = connection.scalar(_READ_CLOSED, account.named) or 0
        left = _believe(closed_until, now, LONGEST_CLOSED_S) - now
    return Turn(granted=left <= 0, wait_s=max(0.0, left))


def close_account(ledger: Ledger, account: Account, seconds: float) -> None:
    """Let nobody submit to an account for so long, and then no burst either.

    Raises:
        StorageError: The ledger cannot be written.
    """
    with ledger.noting() as connection:
        row, now = _lock_pace(connection, account)
        until = now + min(seconds, LONGEST_CLOSED_S)
        change = sa.update(paces).where(_of(paces, account))
        connection.execute(
            change.values(
                closed_until=max(_believe(row.closed_until, now, LONGEST_CLOSED_S), until),
                next_at=max(_believe(row.next_at, now, LONGEST_AHEAD_S), until + BURST_S),
            )
        )


def take_place(ledger: Ledger, account: Account, holder: str, most: int) -> bool:
    """Take, or keep, one of the places that an account has at once; False while all are taken.

    A place falls free by itself unless it is taken again within `LEASE_S`.

    Raises:
        StorageError: The ledger cannot be written.
    """
    own = sa.and_(_of(leases, account), leases.c.holder == holder)
    with ledger.noting() as connection:
        _, now = _lock_pace(connection, account)
        over = sa.or_(leases.c.until < now, leases.c.until > now + LONGEST_LEASE_S)
        connection.execute(sa.delete(leases).where(_of(leases, account), over))
        keep = connection.execute(sa.update(leases).where(own).values(until=now + LEASE_S))
        if keep.rowcount:
            return True
        count = sa.select(sa.func.count()).select_from(leases).where(_of(leases, account))
        if connection.execute(count).scalar_one() >= most:
            return False
        row = {**account.row, "holder": holder, "until": now + LEASE_S}
        connection.execute(sa.insert(leases), row)
        return True


def leave_place(ledger: Ledger, account: Account, holder: str) -> None:
    """Give a place up.

    Raises:
        StorageError: The ledger cannot be written; the place falls free by itself.
    """
    with ledger.noting() as connection:
        own = sa.and_(_of(leases, account), leases.c.holder == holder)
        connection.execute(sa.delete(leases).where(own))


def _of(table: sa.Table, account: Account) -> sa.ColumnElement[bool]:
    return sa.and_(table.c.provider == account.provider, table.c.account == account.name)


def _believe(moment: float, now: float, longest: float) -> float:
    """A moment that was stored; now, where it is further off than a right clock can have put it."""
    return float(moment) if moment - now <= longest else now


def _lock_pace(connection: sa.Connection, account: Account) -> tuple[sa.Row[Any], float]:
    """The account's row, which nobody else can change meanwhile, and the time."""
    insert_once(connection, paces, [{**account.row, "next_at": 0.0, "closed_until": 0.0}])
    row = connection.execute(_READ_PACE, account.named).one()
    return row, _read_clock(connection)


def _read_clock(connection: sa.Connection) -> float:
    """One clock for everybody: the server's, or this machine's where the ledger is a file."""
    if connection.dialect.name == "sqlite":
        return time.time()
    clock = sa.func.extract("epoch", sa.func.clock_timestamp())
    return float(connection.execute(sa.select(clock)).scalar_one())
