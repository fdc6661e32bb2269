"""The pace of an account, shared by every process of a ledger: creates a minute, places at once.

Creates follow the generic cell rate algorithm: `next = max(now, next) + 1/rate`, with a few
seconds' worth of burst; a "not now" moves it for everyone.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from vidi.inference.tracking.ledger.schema import LEASES, PACES
from vidi.inference.tracking.ledger.work import Work, insert_once

if TYPE_CHECKING:
    from vidi.inference.tracking.ledger.work import Transaction

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


_OF = "provider = :provider AND account = :account"
_ENTER = insert_once("vidi_paces", PACES)
_READ = f"SELECT next_at, closed_until FROM vidi_paces WHERE {_OF}"  # noqa: S608
_MOVE = f"""
UPDATE vidi_paces SET next_at = :next_at, closed_until = :closed_until WHERE {_OF}
"""  # noqa: S608
_HOLD = insert_once("vidi_leases", LEASES)
_END = f"DELETE FROM vidi_leases WHERE {_OF} AND (until < :now OR until > :latest)"  # noqa: S608
_KEEP = f"UPDATE vidi_leases SET until = :until WHERE {_OF} AND holder = :holder"  # noqa: S608
_COUNT = f"SELECT count(*) FROM vidi_leases WHERE {_OF}"  # noqa: S608
_LEAVE = f"DELETE FROM vidi_leases WHERE {_OF} AND holder = :holder"  # noqa: S608


class Account(NamedTuple):
    """Who submits where. `account` tells accounts apart without telling their keys."""

    provider: str
    account: str


class Turn(NamedTuple):
    """A turn to submit, or that there is none yet."""

    granted: bool
    wait_s: float
    """Seconds until it comes; or until one may be asked for again, as the account is closed."""


class _Pace(NamedTuple):
    """An account's row, which nobody else can change meanwhile, and the time."""

    next_at: float
    closed_until: float
    now: float


def take_turn(account: Account, per_minute: int) -> Work[Turn]:
    """Take the next turn to submit.

    Raises:
        StorageError: The ledger cannot be written.
    """
    return Work("notes", partial(_take_turn, account=account, per_minute=per_minute))


def _take_turn(transaction: Transaction, *, account: Account, per_minute: int) -> Turn:
    next_at, closed_until, now = _lock_pace(transaction, account)
    closed = _believe(closed_until, now, LONGEST_CLOSED_S)
    if closed > now:
        return Turn(granted=False, wait_s=closed - now)
    interval = 60 / per_minute
    longest = min(BURST_S + MOST_TURNS * interval, LONGEST_AHEAD_S)
    start = max(now, _believe(next_at, now, longest))
    moved = {"next_at": start + interval, "closed_until": closed_until}
    transaction.change(_MOVE, {**account._asdict(), **moved})
    return Turn(granted=True, wait_s=max(0.0, start - BURST_S - now))


def look_for_turn(account: Account) -> Work[Turn]:
    """Ask for a turn where no rate holds: it comes at once unless the account is closed.

    Raises:
        StorageError: The ledger cannot be read.
    """
    return Work("reads", partial(_look_for_turn, account=account), alone=True)


def _look_for_turn(transaction: Transaction, *, account: Account) -> Turn:
    rows = transaction.read(_READ, account._asdict())
    if not rows:
        return Turn(granted=True, wait_s=0.0)
    closed_until, now = float(rows[0][1]), transaction.read_clock() if rows[0][1] else 0.0
    left = _believe(closed_until, now, LONGEST_CLOSED_S) - now
    return Turn(granted=left <= 0, wait_s=max(0.0, left))


def close_account(account: Account, seconds: float) -> Work[None]:
    """Let nobody submit to an account for so long, and then no burst either.

    Raises:
        StorageError: The ledger cannot be written.
    """
    return Work("notes", partial(_close_account, account=account, seconds=seconds))


def _close_account(transaction: Transaction, *, account: Account, seconds: float) -> None:
    next_at, closed_until, now = _lock_pace(transaction, account)
    until = now + min(seconds, LONGEST_CLOSED_S)
    moved = {
        "closed_until": max(_believe(closed_until, now, LONGEST_CLOSED_S), until),
        "next_at": max(_believe(next_at, now, LONGEST_AHEAD_S), until + BURST_S),
    }
    transaction.change(_MOVE, {**account._asdict(), **moved})


def take_place(account: Account, holder: str, most: int) -> Work[bool]:
    """Take, or keep, one of the places that an account has at once; False while all are taken.

    A place falls free by itself unless it is taken again within `LEASE_S`.

    Raises:
        StorageError: The ledger cannot be written.
    """
    return Work("notes", partial(_take_place, account=account, holder=holder, most=most))


def _take_place(transaction: Transaction, *, account: Account, holder: str, most: int) -> bool:
    now, of_account = _lock_pace(transaction, account).now, account._asdict()
    transaction.change(_END, {**of_account, "now": now, "latest": now + LONGEST_LEASE_S})
    row = {**of_account, "holder": holder, "until": now + LEASE_S}
    if transaction.change(_KEEP, row):
        return True
    if transaction.read(_COUNT, of_account)[0][0] >= most:
        return False
    transaction.change(_HOLD, row)
    return True


def leave_place(account: Account, holder: str) -> Work[int]:
    """Give a place up.

    Raises:
        StorageError: The ledger cannot be written; the place falls free by itself.
    """
    row = {**account._asdict(), "holder": holder}
    return Work("notes", lambda transaction: transaction.change(_LEAVE, row))


def _believe(moment: float, now: float, longest: float) -> float:
    """A moment that was stored; now, where it is further off than a right clock can have put it."""
    return moment if moment - now <= longest else now


def _lock_pace(transaction: Transaction, account: Account) -> _Pace:
    of_account = account._asdict()
    transaction.change(_ENTER, {**of_account, "next_at": 0.0, "closed_until": 0.0})
    ((next_at, closed_until),) = transaction.read(_READ + transaction.locking, of_account)
    return _Pace(float(next_at), float(closed_until), transaction.read_clock())
