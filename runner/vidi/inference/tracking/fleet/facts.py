"""Facts of a fleet: true whoever holds the shard, and so not fenced by its lease.

They are fenced by the attempt and by the state that they may follow: what comes after its attempt
has ended is kept, marked, and whoever brought it lets go of the inference.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from vidi.inference.tracking.journal.charges import ChargeKey
from vidi.inference.tracking.journal.journal import dump_line
from vidi.inference.tracking.ledger.ledger import book_actual, describe_bill
from vidi.inference.tracking.ledger.schema import BILLS, RECEIPTS, micros_up
from vidi.inference.tracking.ledger.work import Work, insert_once

if TYPE_CHECKING:
    from vidi.inference.tracking.bills import Bill
    from vidi.inference.tracking.fleet.shards import Shard
    from vidi.inference.tracking.journal.events import EventKind
    from vidi.inference.tracking.ledger.work import Transaction

OPEN = ("intended", "submitted", "completed", "in_doubt", "unfinished")
FOLLOWS: Mapping[str, tuple[str, ...]] = {
    "submitted": ("intended", "in_doubt", "unfinished"),
    "completed": ("submitted", "unfinished", "completed"),
    "settled": OPEN,
    "refused": ("new", "intended", "in_doubt"),
    "in_doubt": ("intended",),
    "unfinished": ("submitted", "completed", "unfinished"),
}
"""Event to the states that a row may have before it; other events change no state."""
FOR_GOOD = frozenset({"rejected", "refused"})
"""By the provider, and by a cap: this run does not try it again."""
CLOSING = frozenset({"refused", "settled"})

_MOVE = """
UPDATE vidi_rows SET changed_at = clock_timestamp(),
    status = CASE WHEN status = ANY(string_to_array(:follows, ' ')) THEN :status ELSE status END,
    request_id = CASE WHEN :request_id = '' THEN request_id ELSE :request_id END
WHERE journal = :journal AND id = :inference AND attempt = :attempt
    AND (status = ANY(string_to_array(:follows, ' '))
        OR (:event = 'submitted' AND request_id = :request_id))
"""
_IS_THERE = """
SELECT 1 FROM vidi_rows WHERE journal = :journal AND id = :inference AND attempt = :attempt
"""
_NOTE = """
INSERT INTO vidi_events (journal, id, shard, epoch, writer, attempt, run, event, body, fenced)
VALUES (:journal, :inference, :shard, :epoch, :writer, :attempt, :run, :event,
    CAST(:body AS jsonb), :fenced)
RETURNING n, ts
"""
_TAKE_RECEIPT = insert_once("vidi_receipts", RECEIPTS)
_LEARN = insert_once("vidi_bills", BILLS)


@dataclass(frozen=True, slots=True)
class Fact:
    """Something that happened to an attempt, or to the run where there is no inference."""

    event: EventKind
    fields: Mapping[str, object]
    run: str
    inference: str | None = None
    attempt: int = 0
    provider: str = ""
    actual: Decimal | None = None
    """What it has cost, in USD, where that ends the attempt."""
    bill: Bill | None = None


class Noted(NamedTuple):
    """What came of a fact."""

    n: int
    ts: datetime
    fenced: bool
    """Whether it came too late: the row has gone on without it."""
    orphan: bool = False
    """Whether it is the receipt of an attempt that was taken for not bought."""


def note_fact(held: Shard, fact: Fact) -> Work[Noted]:
    """Put a fact on record with what it changes: the row, the receipt, the charge.

    Raises:
        StorageError: Nothing can be written.
    """
    return Work("writes", partial(_note, held=held, fact=fact))


def _note(transaction: Transaction, *, held: Shard, fact: Fact) -> Noted:
    values = _describe(held, fact)
    fenced = fact.inference is not None and not _move(transaction, fact, values)
    orphan = fenced and fact.event == "submitted"
    told = {**values, "fenced": fenced, "event": "orphan" if orphan else fact.event}
    ((n, ts),) = transaction.read(_NOTE, told)
    if orphan:
        _book_orphan(transaction, fact)
    elif not fenced:
        _follow(transaction, fact)
    return Noted(n, ts, fenced, orphan)


def _describe(held: Shard, fact: Fact) -> dict[str, object]:
    return {
        **held._asdict(),
        "run": fact.run,
        "inference": fact.inference,
        "attempt": fact.attempt,
        "event": fact.event,
        "follows": " ".join(FOLLOWS.get(fact.event, ())),
        "status": _name_status(fact),
        "request_id": fact.fields.get("request_id", "") if fact.event == "submitted" else "",
        "body": dump_line(fact.fields),
    }


def _name_status(fact: Fact) -> str:
    """How the row stands after it: what was refused for good is not open, unlike for now."""
    if fact.event == "settled":
        return str(fact.fields["status"])
    error = fact.fields.get("error")
    for_good = isinstance(error, Mapping) and error.get("code") in FOR_GOOD
    return "rejected" if fact.event == "refused" and for_good else fact.event


def _move(transaction: Transaction, fact: Fact, values: Mapping[str, object]) -> bool:
    """Move the row on; False where it has gone on without this attempt."""
    if fact.event in FOLLOWS:
        return bool(transaction.change(_MOVE, values))
    return bool(transaction.read(_IS_THERE, values))


def _follow(transaction: Transaction, fact: Fact) -> None:
    """Do what follows for the money, in the same transaction."""
    key = ChargeKey(fact.run, fact.inference or "", fact.attempt)
    if fact.event == "submitted":
        row = {"provider": fact.provider, "request_id": fact.fields["request_id"]}
        transaction.change(_TAKE_RECEIPT, {**row, **key._asdict()})
    if fact.event in CLOSING:
        now = datetime.now(UTC)
        book_actual(transaction, key, micros_up(fact.actual or Decimal(0)), now)
        if fact.bill is not None:
            transaction.change(_LEARN, describe_bill(key, fact.bill, now))


def _book_orphan(transaction: Transaction, fact: Fact) -> None:
    """Count what was bought after all at the most that it may cost, past every cap."""
    key = ChargeKey(fact.run, fact.inference or "", fact.attempt)
    asked = "run = :run AND inference = :inference AND attempt = :attempt"
    rows = transaction.read(f"SELECT reserved FROM vidi_charges WHERE {asked}", key._asdict())  # noqa: S608
    if rows:
        book_actual(transaction, key, rows[0][0], datetime.now(UTC))
