"""The ledger's two movements: set money aside under every cap, and settle what it came to.

A reservation is one conditional UPDATE a cap, all in one transaction, so that any number of
processes share a cap to the micro-dollar. Importing this loads SQLAlchemy.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import sqlalchemy as sa

from vidi.inference.tracking.caps import KINDS, Cap, CapUsage, name_periods, refuse_by_cap
from vidi.inference.tracking.ledger.connection import insert_once
from vidi.inference.tracking.ledger.schema import (
    UNCAPPED,
    bills,
    charges,
    micros_down,
    micros_up,
    periods,
    usd_of,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from decimal import Decimal

    from vidi.inference.tracking.bills import Bill
    from vidi.inference.tracking.caps import Kind
    from vidi.inference.tracking.journal.charges import Charge, ChargeKey
    from vidi.inference.tracking.ledger.connection import Ledger

_IN_PERIOD = sa.and_(
    periods.c.kind == sa.bindparam("in_kind"), periods.c.label == sa.bindparam("in_label")
)
_TAKE = (
    sa.update(periods)
    .where(
        _IN_PERIOD,
        periods.c.reserved + periods.c.spent + sa.bindparam("more") <= sa.bindparam("cap"),
    )
    .values(reserved=periods.c.reserved + sa.bindparam("more"))
    .returning(periods.c.spent, periods.c.reserved)
)
_MOVE = (
    sa.update(periods)
    .where(_IN_PERIOD)
    .values(
        reserved=periods.c.reserved + sa.bindparam("more_reserved"),
        spent=periods.c.spent + sa.bindparam("more_spent"),
    )
)


_OF_KEY = sa.and_(
    charges.c.run == sa.bindparam("of_run"),
    charges.c.inference == sa.bindparam("of_inference"),
    charges.c.attempt == sa.bindparam("of_attempt"),
)
_READ = sa.select(charges).where(_OF_KEY).with_for_update()
_SETTLE = (
    sa.update(charges)
    .where(_OF_KEY)
    .values(actual=sa.bindparam("cost"), settled_at=sa.bindparam("moment"))
)
_RAISE = sa.update(charges).where(_OF_KEY).values(reserved=sa.bindparam("amount"))
_ENTER = sa.insert(charges)


def reserve_charge(
    ledger: Ledger,
    charge: Charge,
    caps: Sequence[Cap],
    check: Callable[[sa.Connection], None] = lambda connection: None,  # noqa: ARG005 - nothing else
) -> dict[Kind, CapUsage]:
    """Set aside what one attempt may cost; returns how its periods stand then.

    Args:
        ledger: Where it is set aside.
        charge: The attempt.
        caps: What it stays under.
        check: What else must hold, in the same transaction; it raises where it does not.

    Raises:
        RefusedError: A cap has no room for it. Nothing is set aside.
        StorageError: The ledger did not grant it, whatever the reason. Nothing may be sent.
    """
    by_kind = {cap.kind: cap for cap in caps}
    amount = micros_up(charge.reserved)
    labels = name_periods(charge.key.run, charge.reserved_at)
    found: dict[Kind, CapUsage] = {}
    # One transaction, each cap one conditional UPDATE: no two processes can take the last dollar.
    with ledger.writing() as connection:
        check(connection)
        connection.execute(_ENTER, describe_charge(charge))
        for kind in KINDS:
            cap = by_kind.get(kind) or Cap(kind, usd_of(UNCAPPED), "nothing: it is all there is")
            usage = _take(connection, cap, labels, amount)
            if usage is None:
                full = read_cap_usage(connection, kind, labels[kind])
                raise refuse_by_cap(cap, full, charge.reserved)
            found[kind] = usage
    return found


def _take(
    connection: sa.Connection, cap: Cap, labels: Mapping[Kind, str], amount: int
) -> CapUsage | None:
    """Take micro-dollars from what a cap leaves; None where it does not leave enough."""
    wanted = {
        "in_kind": cap.kind,
        "in_label": labels[cap.kind],
        "more": amount,
        "cap": micros_down(cap.usd),
    }
    row = connection.execute(_TAKE, wanted).first()
    if row is None:  # full, or the first one in this period
        open_periods(connection, labels)
        row = connection.execute(_TAKE, wanted).first()
    return None if row is None else CapUsage(usd_of(row.spent), usd_of(row.reserved))


def settle_charge(
    ledger: Ledger, key: ChargeKey, actual: Decimal, at: datetime, bill: Bill | None = None
) -> None:
    """Turn a reservation into what it cost; the same again changes nothing.

    Raises:
        StorageError: The ledger cannot be written; the journal knows the amount.
    """
    with ledger.noting() as connection:
        # Up to the next micro-dollar, as caps are rounded down: the sum is no less than the bill.
        book_actual(connection, key, micros_up(actual), at)
        if bill is not None:
            insert_once(connection, bills, [describe_bill(key, bill, at)])


def raise_charge(ledger: Ledger, key: ChargeKey, amount: Decimal) -> None:
    """Set more aside for what is under way, whatever the caps say: it may be billed.

    Raises:
        StorageError: The ledger cannot be written.
    """
    found = {"of_run": key.run, "of_inference": key.inference, "of_attempt": key.attempt}
    with ledger.writing() as connection:
        row = connection.execute(_READ, found).first()
        more = 0 if row is None or row.actual is not None else micros_up(amount) - row.reserved
        if row is None or more <= 0:
            return
        connection.execute(_RAISE, {**found, "amount": row.reserved + more})
        labels: dict[Kind, str] = {
            "run": row.run, "day": row.day, "week": row.week, "month": row.month
        }  # fmt: skip
        move_periods(connection, labels, reserved=more, spent=0)


def book_actual(connection: sa.Connection, key: ChargeKey, actual: int, at: datetime) -> None:
    """Move one charge, and the sums of its periods with it, to an actual cost in micro-dollars."""
    found = {"of_run": key.run, "of_inference": key.inference, "of_attempt": key.attempt}
    row = connection.execute(_READ, found).first()
    if row is None or row.actual == actual:
        return
    connection.execute(_SETTLE, {**found, "cost": actual, "moment": write_moment(at)})
    freed = row.reserved if row.actual is None else 0
    move_periods(
        connection,
        {"run": row.run, "day": row.day, "week": row.week, "month": row.month},
        reserved=-freed,
        spent=actual - (row.actual or 0),
    )


def open_periods(connection: sa.Connection, labels: Mapping[Kind, str]) -> None:
    """See to it that every period has its row."""
    rows = [{"kind": kind, "label": labels[kind], "spent": 0, "reserved": 0} for kind in KINDS]
    insert_once(connection, periods, rows)


def move_periods(
    connection: sa.Connection, labels: Mapping[Kind, str], *, reserved: int, spent: int
) -> None:
    """Add micro-dollars to the sums of some periods, always in the same order."""
    amounts = {"more_reserved": reserved, "more_spent": spent}
    places = [{"in_kind": kind, "in_label": labels[kind]} for kind in KINDS]
    connection.execute(_MOVE, [{**place, **amounts} for place in places])


def read_cap_usage(connection: sa.Connection, kind: Kind, label: str) -> CapUsage:
    """How one period stands."""
    row = connection.execute(
        sa.select(periods.c.spent, periods.c.reserved).where(_IN_PERIOD),
        {"in_kind": kind, "in_label": label},
    ).first()
    return CapUsage() if row is None else CapUsage(usd_of(row.spent), usd_of(row.reserved))


def read_cap_usages(ledger: Ledger, moment: datetime) -> dict[Kind, CapUsage]:
    """How the day, week and month of a moment stand.

    Raises:
        StorageError: The ledger cannot be read.
    """
    with ledger.reading() as connection:
        return {
            kind: read_cap_usage(connection, kind, label)
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
