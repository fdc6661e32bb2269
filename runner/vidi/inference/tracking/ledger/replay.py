"""The ledger brought up to a folder's journal: by key, as often as one likes.

The journal is the truth about inferences. What it knows and the ledger does not is added; what it
has settled is settled; what is open stays reserved. A reservation that the journal never heard of
was cut off before its request left, because the intent is on disk before anything is sent: it is
given back. Importing this loads SQLAlchemy.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING

import sqlalchemy as sa

from vidi.inference.tracking.caps import KINDS, name_periods
from vidi.inference.tracking.journal.charges import ChargeKey
from vidi.inference.tracking.ledger.connection import insert_once
from vidi.inference.tracking.ledger.ledger import (
    book_actual,
    describe_bill,
    describe_charge,
    move_periods,
    open_periods,
    write_moment,
)
from vidi.inference.tracking.ledger.receipts import enter_receipts
from vidi.inference.tracking.ledger.schema import about, bills, charges, micros_up, runs, tags

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from vidi.inference.tracking.journal.charges import Charge
    from vidi.inference.tracking.journal.event_types import Event
    from vidi.inference.tracking.ledger.connection import Ledger

_AT_ONCE = 500
"""Run ids in one query: databases limit how many values a statement may hold."""


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


def read_record(header: Event, folder: str) -> RunRecord:
    """The run that a `run_started` began, in this folder."""
    started_at = datetime.fromisoformat(header["ts"])
    return RunRecord(header["run"], header["job_file"], folder, started_at, header.get("tags", {}))


def replay_journal(
    ledger: Ledger, records: Sequence[RunRecord], journal: Iterable[Charge], at: datetime
) -> None:
    """Bring the ledger up to the journal of one folder. Only who holds the folder may.

    Args:
        ledger: What is brought up.
        records: Every run of the journal.
        journal: Every charge in it.
        at: When amounts without a time of their own count as settled.

    Raises:
        StorageError: The ledger cannot be written; it is as it was.
    """
    known = {charge.key: charge for charge in journal}
    with ledger.writing() as connection:
        _take_turns(connection)
        insert_once(connection, runs, [_describe_run(record) for record in records])
        _enter_tags(connection, records)
        found = dict(_read_charges(connection, sorted({key.run for key in known})))
        missing = [charge for key, charge in known.items() if key not in found]
        _add(connection, missing)
        _enter_bills(connection, missing, at)
        enter_receipts(connection, (*missing, *(each for each in known.values() if each.open)))
        for key, charge in known.items():
            if key in found and charge.actual is not None:
                _settle(connection, charge, found[key], at)
        for key in list(_read_open(connection, records)):
            if key not in known:
                book_actual(connection, key, 0, at)


def _enter_tags(connection: sa.Connection, records: Iterable[RunRecord]) -> None:
    rows = [
        {"run": record.run, "inference": inference, "tag": tag}
        for record in records
        for tag, inferences in record.tags.items()
        for inference in inferences
    ]
    if rows:
        insert_once(connection, tags, rows)


def _settle(connection: sa.Connection, charge: Charge, booked: int | None, at: datetime) -> None:
    """Book what the journal says that a charge came to, where the ledger has it otherwise."""
    actual = micros_up(charge.actual or Decimal(0))
    if booked != actual:
        book_actual(connection, charge.key, actual, charge.settled_at or at)
        _enter_bills(connection, [charge], at)


def _enter_bills(connection: sa.Connection, settled: Iterable[Charge], at: datetime) -> None:
    rows = [
        describe_bill(charge.key, charge.bill, charge.settled_at or at)
        for charge in settled
        if charge.bill is not None
    ]
    if rows:
        insert_once(connection, bills, rows)


def _take_turns(connection: sa.Connection) -> None:
    """Hold a row that every replay holds: two of copies of one folder would add things twice."""
    connection.execute(sa.update(about).where(about.c.name == "schema").values(value=about.c.value))


def _read_charges(
    connection: sa.Connection, names: Sequence[str]
) -> Iterator[tuple[ChargeKey, int | None]]:
    """The charges of some runs: key and actual cost."""
    columns = (charges.c.run, charges.c.inference, charges.c.attempt, charges.c.actual)
    for start in range(0, len(names), _AT_ONCE):
        some = names[start : start + _AT_ONCE]
        for row in connection.execute(sa.select(*columns).where(charges.c.run.in_(some))):
            yield ChargeKey(row.run, row.inference, row.attempt), row.actual


def _read_open(connection: sa.Connection, records: Sequence[RunRecord]) -> Iterator[ChargeKey]:
    """The open charges of the journal's runs that were made in this very folder, not a copy."""
    here = {record.folder for record in records}
    names = {record.run for record in records}
    query = (
        sa.select(charges.c.run, charges.c.inference, charges.c.attempt)
        .join(runs, runs.c.run == charges.c.run)
        .where(charges.c.actual.is_(None), runs.c.folder.in_(here))
    )
    for row in connection.execute(query):
        if row.run in names:
            yield ChargeKey(row.run, row.inference, row.attempt)


def _add(connection: sa.Connection, missing: Sequence[Charge]) -> None:
    """Add charges with the sums of their periods; these are facts, which no cap can refuse."""
    if not missing:
        return
    connection.execute(sa.insert(charges), [describe_charge(charge) for charge in missing])
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
        open_periods(connection, names)
        move_periods(connection, names, reserved=reserved[each], spent=spent[each])


def _describe_run(record: RunRecord) -> dict[str, object]:
    return {
        "run": record.run,
        "job": record.job,
        "folder": record.folder,
        "started_at": write_moment(record.started_at),
    }
