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

from vidi.inference.tracking.journal.journal import dump_line
from vidi.inference.tracking.ledger.ledger import book_actual, describe_bill, write_moment
from vidi.inference.tracking.ledger.schema import BILLS, RECEIPTS, micros_up
from vidi.inference.tracking.ledger.work import Work, insert_once

if TYPE_CHECKING:
    from vidi.inference.tracking.bills import Bill
    from vidi.inference.tracking.fleet.shards import Shard
    from vidi.inference.tracking.journal.charges import ChargeKey
    from vidi.inference.tracking.journal.events import EventKind
    from vidi.inference.tracking.ledger.work import Transaction

OPEN = ("intended", "submitted", "completed", "in_doubt", "unfinished")
FOLLOWS: Mapping[str, tuple[str, ...]] = {
    "submitted": ("intended", "in_doubt", "unfinished"),
    "completed": ("submitted", "unfinished", "completed"),
    "settled": (*OPEN, "made"),
    "refused": ("new", "made", "intended", "in_doubt"),
    "in_doubt": ("intended",),
    "unfinished": ("submitted", "completed", "unfinished"),
    "taken": ("new", "made", "refused", "failed"),
}
"""Event to the states that a row may have before it; other events change no state.

`made` is what an earlier run has made and is not there any more: it is fetched once more, for
nothing, or bought anew where its provider no longer has it.
"""
FOR_NOW = frozenset({"absent", "credentials", "not-paid", "not-sent", "throttled"})
"""What was refused for these is tried again; all else, as by a cap, ends the row for this run."""
CLOSING = frozenset({"refused", "settled"})
LOST = "lost"
"""What the provider does not know any more: only a person can say what became of it."""

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
    CAST(:body AS json), :fenced)
RETURNING n, ts
"""
_OPEN_CHARGE = """
SELECT reserved FROM vidi_charges
WHERE run = :run AND inference = :inference AND attempt = :attempt AND actual IS NULL
"""
_RESERVED = """
SELECT reserved FROM vidi_charges
WHERE run = :run AND inference = :inference AND attempt = :attempt
"""
# The same in one statement, for what comes in its time: a transaction by itself, or nothing.
_AT_ONCE = """
WITH moved AS ({moved}), noted AS (
    INSERT INTO vidi_events (journal, id, shard, epoch, writer, attempt, run, event, body)
    SELECT :journal, :inference, :shard, :epoch, :writer, :attempt, :run, :event,
        CAST(:body AS json) FROM moved
    RETURNING n, ts
){more} SELECT n, ts FROM noted
"""
_AND_RECEIPT = """, receipt AS (
    INSERT INTO vidi_receipts (provider, request_id, run, inference, attempt)
    SELECT :provider, CAST(:request_id AS text), CAST(:charge_run AS text),
        CAST(:inference AS text), :attempt FROM moved
    WHERE CAST(:charge_run AS text) <> '' ON CONFLICT DO NOTHING
)"""
_AND_MONEY = """, owed AS (
    SELECT reserved, day, week, month FROM vidi_charges
    WHERE run = :charge_run AND inference = :inference AND attempt = :attempt AND actual IS NULL
        AND EXISTS (SELECT FROM moved)
    FOR UPDATE
), booked AS (
    UPDATE vidi_charges c SET actual = :actual, settled_at = :at FROM owed
    WHERE c.run = :charge_run AND c.inference = :inference AND c.attempt = :attempt
), held AS (
    SELECT p.kind, p.label, owed.reserved FROM owed, LATERAL (VALUES
        ('day', day), ('month', month), ('run', CAST(:charge_run AS text)), ('week', week)) w(k, l)
    JOIN vidi_periods p ON (p.kind, p.label) = (w.k, w.l) ORDER BY 1, 2 FOR UPDATE OF p
), summed AS (
    UPDATE vidi_periods p SET reserved = p.reserved - held.reserved, spent = p.spent + :actual
    FROM held WHERE (p.kind, p.label) = (held.kind, held.label)
)"""
_AND_BILL = """, learned AS (
    INSERT INTO vidi_bills ({columns}) SELECT {values} FROM owed ON CONFLICT DO NOTHING
)"""
_TAKE_RECEIPT = insert_once("vidi_receipts", RECEIPTS)
_LEARN = insert_once("vidi_bills", BILLS)
_BILLED = _AND_BILL.format(
    columns=", ".join(BILLS), values=", ".join(f":bill_{name}" for name in BILLS)
)


@dataclass(frozen=True, slots=True)
class Fact:
    """Something that happened to an attempt, or to the run where there is no inference."""

    event: EventKind
    fields: Mapping[str, object]
    run: str
    inference: str | None = None
    attempt: int = 0
    key: ChargeKey | None = None
    """The charge of that attempt: of the run that began it, which may be an earlier one."""
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


def note_at_once(held: Shard, fact: Fact) -> Work[Noted | None]:
    """Put a fact on record by one question; None, and nothing, where it does not come in its time.

    Raises:
        StorageError: Nothing can be written.
    """
    statement, values = _write_at_once(held, fact)

    def note(transaction: Transaction) -> Noted | None:
        rows = transaction.read(statement, values)
        if not rows:
            return None
        n, ts = rows[0]
        return Noted(n, ts, fenced=False)

    return Work("writes", note, alone=True)


def _write_at_once(held: Shard, fact: Fact) -> tuple[str, dict[str, object]]:
    """The statement that notes a fact with all that it changes, and its values."""
    values, more, at = _describe(held, fact), "", datetime.now(UTC)
    values["charge_run"] = "" if fact.key is None else fact.key.run
    if fact.event == "submitted":
        values["provider"], more = fact.provider, _AND_RECEIPT
    if fact.event in CLOSING:
        values |= {"actual": micros_up(fact.actual or Decimal(0)), "at": write_moment(at)}
        more = _AND_MONEY
        if fact.bill is not None and fact.key is not None:
            bill = describe_bill(fact.key, fact.bill, at)
            values |= {f"bill_{name}": value for name, value in bill.items()}
            more += _BILLED
    moved = f"{_MOVE} RETURNING 1" if fact.event in FOLLOWS else _IS_THERE
    return _AT_ONCE.format(moved=moved, more=more), values


def note_fact(held: Shard, fact: Fact) -> Work[Noted]:
    """Put a fact on record with what it changes: the row, the receipt, the charge.

    Raises:
        StorageError: Nothing can be written.
    """
    return Work("writes", partial(put_on_record, held=held, fact=fact))


def put_on_record(transaction: Transaction, *, held: Shard, fact: Fact) -> Noted:
    """What `note_fact` does, in a transaction that is begun."""
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
    error = fact.fields.get("error")
    code = error.get("code") if isinstance(error, Mapping) else None
    match fact.event:
        case "settled":
            return str(fact.fields["status"])
        case "taken":
            return "succeeded"
        case "refused":
            return "refused" if code in FOR_NOW else "rejected"
        case "unfinished":
            return "in_doubt" if code == LOST else "unfinished"
        case _:
            return fact.event


def _move(transaction: Transaction, fact: Fact, values: Mapping[str, object]) -> bool:
    """Move the row on; False where it has gone on without this attempt."""
    if fact.event in FOLLOWS:
        return bool(transaction.change(_MOVE, values))
    return bool(transaction.read(_IS_THERE, values))


def _follow(transaction: Transaction, fact: Fact) -> None:
    """Do what follows for the money, in the same transaction."""
    key = fact.key
    if key is None:
        return
    if fact.event == "submitted":
        _enter_receipt(transaction, fact, key)
    # What is fetched again costs nothing and is settled anew; its bill stays as it was.
    if fact.event in CLOSING and transaction.read(_OPEN_CHARGE, key._asdict()):
        now = datetime.now(UTC)
        book_actual(transaction, key, micros_up(fact.actual or Decimal(0)), now)
        if fact.bill is not None:
            transaction.change(_LEARN, describe_bill(key, fact.bill, now))


def _enter_receipt(transaction: Transaction, fact: Fact, key: ChargeKey) -> None:
    row = {"provider": fact.provider, "request_id": fact.fields["request_id"]}
    transaction.change(_TAKE_RECEIPT, {**row, **key._asdict()})


def _book_orphan(transaction: Transaction, fact: Fact) -> None:
    """Count what was bought after all at the most that it may cost, past every cap."""
    rows = transaction.read(_RESERVED, fact.key._asdict()) if fact.key is not None else ()
    if fact.key is not None and rows:
        _enter_receipt(transaction, fact, fact.key)
        book_actual(transaction, fact.key, rows[0][0], datetime.now(UTC))
