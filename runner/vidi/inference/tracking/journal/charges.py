"""What each attempt of an inference sets aside, and what it cost in the end."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from vidi.inference.tracking.bills import Bill
from vidi.values import value

if TYPE_CHECKING:
    from datetime import datetime
    from decimal import Decimal

    from vidi.inference.models.prices.estimate import RuleFigures


class ChargeKey(NamedTuple):
    """What names a charge in every journal and ledger: no two attempts ever share it.

    `attempt` counts the attempts of the inference from 1 over all runs of its journal, so that one
    run may buy under one id any number of times.
    """

    run: str
    inference: str
    attempt: int


@value
class Charge:
    """One attempt to buy one inference. Amounts are USD."""

    key: ChargeKey
    model: str
    reserved: Decimal
    """The most that it may cost."""
    reserved_at: datetime
    actual: Decimal | None = None
    """What it cost; None while that is open: under way, or in doubt."""
    settled_at: datetime | None = None
    request_id: str | None = None
    """The provider's own id of it, once there is a receipt."""
    rule: RuleFigures | None = None
    """What the price rule said of it; None where none did, or an older journal does not say."""
    as_of: str = ""
    """When the prices of that rule were true."""
    basis: str = ""
    """How `actual` is known; empty while it is not."""
    status: str = ""
    """How it ended."""
    fingerprint: str = ""
    """What it was to buy."""

    @property
    def bill(self) -> Bill | None:
        """What later estimates may learn from it; None where there is nothing to compare."""
        if self.actual is None or self.rule is None:
            return None
        return Bill(self.model, self.rule, self.actual, self.basis, self.status, self.as_of)

    @property
    def provider(self) -> str:
        """Who is paid."""
        return self.model.partition("/")[0]

    @property
    def open(self) -> bool:
        """Whether it may still be billed."""
        return self.actual is None


def number_next(charges: tuple[Charge, ...]) -> int:
    """The number of the next attempt."""
    return len(charges) + 1


def receive_last(charges: tuple[Charge, ...], request_id: str) -> tuple[Charge, ...]:
    """Note the receipt of the latest charge."""
    return (*charges[:-1], replace(charges[-1], request_id=request_id)) if charges else ()


def raise_last(charges: tuple[Charge, ...], reserved: Decimal) -> tuple[Charge, ...]:
    """Set more aside for the latest charge."""
    return (*charges[:-1], replace(charges[-1], reserved=reserved)) if charges else ()


def close_last(
    charges: tuple[Charge, ...],
    actual: Decimal,
    settled_at: datetime,
    *,
    basis: str = "none",
    status: str = "",
) -> tuple[Charge, ...]:
    """Settle the latest charge; where it is settled already, nothing more was bought."""
    if not charges or not charges[-1].open:
        return charges
    closed = replace(charges[-1], actual=actual, settled_at=settled_at, basis=basis, status=status)
    return (*charges[:-1], closed)


WEAKNESS = ("estimated", "derived", "metered")
"""The bases of an amount that is not nothing, the weakest first."""


def weaken(*bases: str | None) -> str | None:
    """The basis of a sum: the weakest of its parts'; `none` where every part was free."""
    known = [basis for basis in bases if basis]
    return next((each for each in WEAKNESS if each in known), "none" if known else None)


def basis_of_run(charges: tuple[Charge, ...], run: str, last: str) -> str | None:
    """How it is known what the attempts of one run came to; `last` where it bought nothing."""
    return weaken(*(each.basis for each in charges if each.key.run == run and not each.open), last)


def correct(
    charges: tuple[Charge, ...], request_id: str | None, actual: Decimal, basis: str
) -> tuple[Charge, ...]:
    """Say what a settled attempt has really cost: that of a request, else the last."""
    last = charges[-1].request_id if charges else None
    wanted = last if request_id is None else request_id
    return tuple(
        each if each.open or each.request_id != wanted
        else replace(each, actual=actual, basis=basis)
        for each in charges
    )  # fmt: skip


def list_current(charges: tuple[Charge, ...], fingerprint: str) -> tuple[Charge, ...]:
    """The attempts, in a row, that bought what an id has now."""
    found: list[Charge] = []
    for each in reversed(charges):
        if each.fingerprint == fingerprint:
            found.append(each)
        elif found:
            break
    return tuple(found)
