"""The ledger brought up to a folder's journal: by key, as often as one likes.

The journal is the truth about inferences. What it knows and the ledger does not is added; what it
has settled is settled; what is open stays reserved. A reservation that the journal never heard of
was cut off before its request left, because the intent is on disk before anything is sent: it is
given back.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from vidi.inference.tracking.caps import KINDS, name_periods
from vidi.inference.tracking.journal.charges import ChargeKey
from vidi.inference.tracking.ledger.ledger import (
    book_actual,
    describe_bill,
    describe_charge,
    move_periods,
    open_periods,
    write_moment,
)
from vidi.inference.tracking.ledger.receipts import enter_receipts
from vidi.inference.tracking.ledger.schema import BILLS, CHARGES, RUNS, TAGS, micros_up
from vidi.inference.tracking.ledger.work import Work, among, insert_once

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from vidi.inference.tracking.journal.charges import Charge
    from vidi.inference.tracking.journal.event_types import Event
    from vidi.inference.tracking.ledger.work import Transaction

_AT_ONCE = 500
"""Run ids in one query: databases limit how many values a statement may hold."""
_ENTER_RUN = insert_once("vidi_runs", RUNS)
_ENTER_TAG = insert_once("vidi_tags", TAGS)
_ENTER_BILL = insert_once("vidi_bills", BILLS)
_ADD = insert_once("vidi_charges", CHARGES)
_TAKE_TURNS = "UPDATE vidi_about SET value = value WHERE name = 'schema'"
"""Holds a row that every replay holds: two of copies of one folder would add things twice."""
_OPEN = """
SELECT c.run, c.inference, c.attempt FROM vidi_charges c JOIN vidi_runs r ON r.run = c.run
WHERE c.actual IS NULL AND r.folder IN """

_BOOKED = """
SELECT c.run, c.inference, c.attempt, c.actual, b.basis FROM vidi_charges c LEFT JOIN vidi_bills b
ON b.run = c.run AND b.inference = c.inference AND b.attempt = c.attempt
WHERE c.run IN """
_FORGET_BILL = """
DELETE FROM vidi_bills WHERE run = :run AND inference = :inference AND attempt = :attempt
"""


@dataclass(frozen=True, slots=True)
class RunRecord:
    """A run as the ledger lists it."""

    run: str
    job: str
    folder: str
    """Absolute."""
    started_at: datetime
    tags: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """Tag to the inferences that have it, of those that the run was to buy."""


class _Booked(NamedTuple):
    """What the ledger has of one charge."""

    actual: int | None
    """Micro-dollars."""
    basis: str | None
    """Of its bill; None where it has none."""


def read_record(header: Event, folder: str) -> RunRecord:
    """The run that a `run_started` began, in this folder."""
    started_at = datetime.fromisoformat(header["ts"])
    return RunRecord(header["run"], header["job_file"], folder, started_at, header.get("tags", {}))


def replay_journal(
    records: Sequence[RunRecord], journal: Iterable[Charge], at: datetime
) -> Work[None]:
    """Bring the ledger up to the journal of one folder. Only who holds the folder may.

    Args:
        records: Every run of the journal.
        journal: Every charge in it.
        at: When amounts without a time of their own count as settled.

    Raises:
        StorageError: The ledger cannot be written; it is as it was.
    """
    known = {charge.key: charge for charge in journal}
    return Work("writes", partial(_replay, records=records, known=known, at=at))


def _replay(
    transaction: Transaction,
    *,
    records: Sequence[RunRecord],
    known: Mapping[ChargeKey, Charge],
    at: datetime,
) -> None:
    transaction.change(_TAKE_TURNS, {})
    transaction.change_each(_ENTER_RUN, [_describe_run(record) for record in records])
    _enter_tags(transaction, records)
    found = dict(_read_charges(transaction, sorted({key.run for key in known})))
    missing = [charge for key, charge in known.items() if key not in found]
    _add(transaction, missing)
    _enter_bills(transaction, missing, at)
    enter_receipts(transaction, (*missing, *(each for each in known.values() if each.open)))
    for key, charge in known.items():
        if key in found and charge.actual is not None:
            _settle(transaction, charge, found[key], at)
    for key in list(_read_open(transaction, records)):
        if key not in known:
            book_actual(transaction, key, 0, at)


def _enter_tags(transaction: Transaction, records: Iterable[RunRecord]) -> None:
    rows = [
        {"run": record.run, "inference": inference, "tag": tag}
        for record in records
        for tag, inferences in record.tags.items()
        for inference in inferences
    ]
    transaction.change_each(_ENTER_TAG, rows)


def _settle(transaction: Transaction, charge: Charge, booked: _Booked, at: datetime) -> None:
    """Book what the journal says that a charge came to, where the ledger has it otherwise."""
    actual = micros_up(charge.actual or Decimal(0))
    if booked.actual != actual:
        book_actual(transaction, charge.key, actual, charge.settled_at or at)
    if charge.bill is not None and booked != (actual, charge.bill.basis):
        # What was billed at its estimate is known by now: later estimates learn from that.
        transaction.change(_FORGET_BILL, charge.key._asdict())
        _enter_bills(transaction, [charge], at)


def _enter_bills(transaction: Transaction, settled: Iterable[Charge], at: datetime) -> None:
    rows = [
        describe_bill(charge.key, charge.bill, charge.settled_at or at)
        for charge in settled
        if charge.bill is not None
    ]
    transaction.change_each(_ENTER_BILL, rows)


def _read_charges(
    transaction: Transaction, names: Sequence[str]
) -> Iterator[tuple[ChargeKey, _Booked]]:
    """The charges of some runs: key, actual cost, and how their bills say that is known."""
    for start in range(0, len(names), _AT_ONCE):
        places, values = among("run", names[start : start + _AT_ONCE])
        for *key, actual, basis in transaction.read(_BOOKED + places, values):
            yield ChargeKey(*key), _Booked(actual, basis)


def _read_open(transaction: Transaction, records: Sequence[RunRecord]) -> Iterator[ChargeKey]:
    """The open charges of the journal's runs that were made in this very folder, not a copy."""
    names = {record.run for record in records}
    places, values = among("folder", sorted({record.folder for record in records}))
    for row in transaction.read(_OPEN + places, values):
        key = ChargeKey(*row)
        if key.run in names:
            yield key


def _add(transaction: Transaction, missing: Sequence[Charge]) -> None:
    """Add charges with the sums of their periods; these are facts, which no cap can refuse."""
    if not missing:
        return
    transaction.change_each(_ADD, [describe_charge(charge) for charge in missing])
    reserved: Counter[tuple[str, ...]] = Counter()
    spent: Counter[tuple[str, ...]] = Counter()
    for charge in missing:
        periods = name_periods(charge.key.run, charge.reserved_at)
        labels = tuple(periods[kind] for kind in KINDS)
        if charge.actual is None:
            reserved[labels] += micros_up(charge.reserved)
        else:
            spent[labels] += micros_up(charge.actual)
    for each in sorted(reserved.keys() | spent.keys()):
        names = dict(zip(KINDS, each, strict=True))
        open_periods(transaction, names)
        move_periods(transaction, names, reserved=reserved[each], spent=spent[each])


def _describe_run(record: RunRecord) -> dict[str, object]:
    return {
        "run": record.run,
        "job": record.job,
        "folder": record.folder,
        "started_at": write_moment(record.started_at),
    }
