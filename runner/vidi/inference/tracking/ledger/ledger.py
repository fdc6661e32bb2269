"""The ledger's two movements: set money aside under every cap, and settle what it came to.

A reservation is one conditional UPDATE a cap, all in one transaction, so that any number of
processes share a cap to the micro-dollar.
"""

from __future__ import annotations

from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING

from vidi.errors import StorageError
from vidi.inference.tracking.caps import KINDS, Cap, CapUsage, name_periods, refuse_by_cap
from vidi.inference.tracking.ledger.schema import (
    BILLS,
    CHARGES,
    PERIODS,
    UNCAPPED,
    micros_down,
    micros_up,
    usd_of,
)
from vidi.inference.tracking.ledger.work import Work, insert_once

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from decimal import Decimal

    from vidi.inference.tracking.bills import Bill
    from vidi.inference.tracking.caps import Kind
    from vidi.inference.tracking.journal.charges import Charge, ChargeKey
    from vidi.inference.tracking.ledger.work import Transaction

_ENTER = insert_once("vidi_charges", CHARGES)
_OPEN = insert_once("vidi_periods", PERIODS)
_LEARN = insert_once("vidi_bills", BILLS)
_TAKE = """
UPDATE vidi_periods SET reserved = reserved + :more
WHERE kind = :kind AND label = :label AND reserved + spent + :more <= :cap
RETURNING spent, reserved
"""
_MOVE = """
UPDATE vidi_periods SET reserved = reserved + :reserved, spent = spent + :spent
WHERE kind = :kind AND label = :label
"""
_SUMS = "SELECT spent, reserved FROM vidi_periods WHERE kind = :kind AND label = :label"
_OF_KEY = "run = :run AND inference = :inference AND attempt = :attempt"
_READ = f"SELECT reserved, actual, day, week, month FROM vidi_charges WHERE {_OF_KEY}"  # noqa: S608
_SETTLE = f"UPDATE vidi_charges SET actual = :actual, settled_at = :at WHERE {_OF_KEY}"  # noqa: S608
_RAISE = f"UPDATE vidi_charges SET reserved = :reserved WHERE {_OF_KEY}"  # noqa: S608


def _check_nothing(transaction: Transaction) -> None:
    """Nothing else must hold."""


def reserve_charge(
    charge: Charge, caps: Sequence[Cap], check: Callable[[Transaction], None] = _check_nothing
) -> Work[dict[Kind, CapUsage]]:
    """Set aside what one attempt may cost; gives how its periods stand then.

    Args:
        charge: The attempt.
        caps: What it stays under.
        check: What else must hold, in the same transaction; it raises where it does not.

    Raises:
        RefusedError: A cap has no room for it. Nothing is set aside.
        StorageError: The ledger did not grant it, whatever the reason. Nothing may be sent.
    """
    return Work("writes", partial(_reserve, charge=charge, caps=caps, check=check))


def _reserve(
    transaction: Transaction,
    *,
    charge: Charge,
    caps: Sequence[Cap],
    check: Callable[[Transaction], None],
) -> dict[Kind, CapUsage]:
    check(transaction)
    labels = name_periods(charge.key.run, charge.reserved_at)
    if not transaction.change(_ENTER, describe_charge(charge)):
        if not transaction.repeated:
            raise StorageError(f"{charge.key.inference} was granted under this key before")
        # The word of it was lost with the connection: no two attempts share a key.
        return {kind: read_usage(transaction, kind, labels[kind]) for kind in KINDS}
    by_kind = {cap.kind: cap for cap in caps}
    amount = micros_up(charge.reserved)
    found: dict[Kind, CapUsage] = {}
    # One transaction, each cap one conditional UPDATE: no two processes can take the last dollar.
    for kind in KINDS:
        cap = by_kind.get(kind) or Cap(kind, usd_of(UNCAPPED), "nothing: it is all there is")
        usage = _take(transaction, cap, labels, amount)
        if usage is None:
            full = read_usage(transaction, kind, labels[kind])
            raise refuse_by_cap(cap, full, charge.reserved)
        found[kind] = usage
    return found


def _take(
    transaction: Transaction, cap: Cap, labels: Mapping[Kind, str], amount: int
) -> CapUsage | None:
    """Take micro-dollars from what a cap leaves; None where it does not leave enough."""
    wanted = {
        "kind": cap.kind,
        "label": labels[cap.kind],
        "more": amount,
        "cap": micros_down(cap.usd),
    }
    rows = transaction.read(_TAKE, wanted)
    if not rows:  # full, or the first one in this period
        open_periods(transaction, labels)
        rows = transaction.read(_TAKE, wanted)
    return CapUsage(*map(usd_of, rows[0])) if rows else None


def settle_charge(
    key: ChargeKey, actual: Decimal, at: datetime, bill: Bill | None = None
) -> Work[None]:
    """Turn a reservation into what it cost; the same again changes nothing.

    Raises:
        StorageError: The ledger cannot be written; the journal knows the amount.
    """
    return Work("notes", partial(_settle, key=key, actual=actual, at=at, bill=bill))


def _settle(
    transaction: Transaction, *, key: ChargeKey, actual: Decimal, at: datetime, bill: Bill | None
) -> None:
    # Up to the next micro-dollar, as caps are rounded down: the sum is no less than the bill.
    book_actual(transaction, key, micros_up(actual), at)
    if bill is not None:
        transaction.change(_LEARN, describe_bill(key, bill, at))


def raise_charge(key: ChargeKey, amount: Decimal) -> Work[None]:
    """Set more aside for what is under way, whatever the caps say: it may be billed.

    Raises:
        StorageError: The ledger cannot be written.
    """
    return Work("writes", partial(_raise, key=key, amount=amount))


def _raise(transaction: Transaction, *, key: ChargeKey, amount: Decimal) -> None:
    rows = transaction.read(_READ + transaction.locking, key._asdict())
    if not rows:
        return
    reserved, actual, *periods = rows[0]
    more = micros_up(amount) - reserved if actual is None else 0
    if more > 0:
        transaction.change(_RAISE, {**key._asdict(), "reserved": reserved + more})
        move_periods(transaction, _label(key.run, *periods), reserved=more, spent=0)


def book_actual(transaction: Transaction, key: ChargeKey, actual: int, at: datetime) -> None:
    """Move one charge, and the sums of its periods with it, to an actual cost in micro-dollars."""
    rows = transaction.read(_READ + transaction.locking, key._asdict())
    if not rows or rows[0][1] == actual:
        return
    reserved, before, *periods = rows[0]
    values = {**key._asdict(), "actual": actual, "at": write_moment(at)}
    transaction.change(_SETTLE, values)
    freed = reserved if before is None else 0
    labels = _label(key.run, *periods)
    move_periods(transaction, labels, reserved=-freed, spent=actual - (before or 0))


def _label(run: str, day: str, week: str, month: str) -> dict[Kind, str]:
    return {"run": run, "day": day, "week": week, "month": month}


def open_periods(transaction: Transaction, labels: Mapping[Kind, str]) -> None:
    """See to it that every period has its row."""
    rows = [{"kind": kind, "label": labels[kind], "spent": 0, "reserved": 0} for kind in KINDS]
    transaction.change_each(_OPEN, rows)


def move_periods(
    transaction: Transaction, labels: Mapping[Kind, str], *, reserved: int, spent: int
) -> None:
    """Add micro-dollars to the sums of some periods, always in the same order."""
    amounts = {"reserved": reserved, "spent": spent}
    rows = [{"kind": kind, "label": labels[kind], **amounts} for kind in KINDS]
    transaction.change_each(_MOVE, rows)


def read_usage(transaction: Transaction, kind: Kind, label: str) -> CapUsage:
    """How one period stands."""
    rows = transaction.read(_SUMS, {"kind": kind, "label": label})
    return CapUsage(*map(usd_of, rows[0])) if rows else CapUsage()


def read_cap_usages(moment: datetime) -> Work[dict[Kind, CapUsage]]:
    """How the day, week and month of a moment stand.

    Raises:
        StorageError: The ledger cannot be read.
    """
    return Work("reads", partial(_read_usages, moment=moment))


def _read_usages(transaction: Transaction, *, moment: datetime) -> dict[Kind, CapUsage]:
    return {
        kind: read_usage(transaction, kind, label)
        for kind, label in name_periods("", moment).items()
        if kind != "run"
    }


def describe_charge(charge: Charge) -> dict[str, object]:
    """A charge as a row."""
    labels = name_periods(charge.key.run, charge.reserved_at)
    return {
        **charge.key._asdict(),
        "model": charge.model,
        "provider": charge.provider,
        "reserved": micros_up(charge.reserved),
        "actual": None if charge.actual is None else micros_up(charge.actual),
        "day": labels["day"],
        "week": labels["week"],
        "month": labels["month"],
        "reserved_at": write_moment(charge.reserved_at),
        "settled_at": None if charge.settled_at is None else write_moment(charge.settled_at),
    }


def describe_bill(key: ChargeKey, bill: Bill, at: datetime) -> dict[str, object]:
    """A bill as a row."""
    return {
        **key._asdict(),
        "model": bill.model,
        **{name: micros_up(usd) for name, usd in bill.rule._asdict().items()},
        "actual": micros_up(bill.actual),
        "basis": bill.basis,
        "status": bill.status,
        "as_of": bill.as_of,
        "billed_at": write_moment(at),
    }


def write_moment(moment: datetime) -> str:
    """A moment as text that sorts: UTC, microseconds."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds")
