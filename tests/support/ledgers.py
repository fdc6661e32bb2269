"""Short words for the tests of the ledger."""

from datetime import UTC, datetime
from decimal import Decimal

from vidi.inference.tracking.caps import Cap, CapUsage
from vidi.inference.tracking.journal.charges import Charge, ChargeKey
from vidi.inference.tracking.ledger.ledger import read_cap_usages
from vidi.inference.tracking.ledger.work import Work

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
"""A Monday: day 2026-11-23, week 2026-W48, month 2026-11."""


def usd(text: str) -> Decimal:
    return Decimal(text)


def a_charge(name="tree", amount="0.05", *, run="run-1", attempt=1, at=NOON, actual=None) -> Charge:
    key = ChargeKey(run, name, attempt)
    spent = None if actual is None else usd(actual)
    return Charge(key, "fal/fal-ai/flux/dev", usd(amount), at, spent, at if actual else None)


def a_cap(kind="day", amount="0.10") -> Cap:
    return Cap(kind, usd(amount), f"VIDI_BUDGET_{kind.upper()}")


def change(ledger, statement, **values) -> None:
    """Change a ledger behind everybody's back."""
    ledger.do(Work("writes", lambda transaction: transaction.change(statement, values)))


def select(ledger, query, **values) -> list:
    """The rows of a query."""
    return list(ledger.do(Work("reads", lambda transaction: transaction.read(query, values))))


def usage(ledger, kind="day", at=NOON) -> CapUsage:
    return ledger.do(read_cap_usages(at))[kind]


def same(spent: str, reserved: str) -> CapUsage:
    return CapUsage(usd(spent), usd(reserved))
