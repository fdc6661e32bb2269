"""The intent of a fleet: lease, row, caps, charge and event in one statement, or none of it.

It can be granted once an attempt: the row goes from one that is closed at attempt a-1 to intended
at attempt a, whoever asks, and the event's own index says so again.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING

from vidi.errors import LeaseLostError, RefusedError
from vidi.inference.tracking.caps import KINDS, name_periods, refuse_by_cap
from vidi.inference.tracking.journal.journal import dump_line
from vidi.inference.tracking.ledger.ledger import describe_charge, open_periods, read_usage
from vidi.inference.tracking.ledger.schema import UNCAPPED, micros_down
from vidi.inference.tracking.ledger.work import Work

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from vidi.inference.tracking.caps import Cap, Kind
    from vidi.inference.tracking.fleet.shards import Shard
    from vidi.inference.tracking.journal.charges import Charge
    from vidi.inference.tracking.ledger.work import Transaction

_BEGIN = """
WITH lease AS (
    SELECT 1 FROM vidi_shards
    WHERE journal = :journal AND shard = :shard AND epoch = :epoch AND until > clock_timestamp()
    FOR SHARE
), moved AS (
    UPDATE vidi_rows SET status = 'intended', attempt = :attempt, epoch = :epoch,
        request_id = NULL, intended_at = clock_timestamp(), changed_at = clock_timestamp()
    WHERE journal = :journal AND id = :inference AND attempt = :attempt - 1
        AND (status IN ('new', 'made', 'refused', 'failed')
            -- By its own worker a moment ago: called in another form now.
            OR (status = 'rejected' AND epoch = :epoch))
        AND EXISTS (SELECT FROM lease)
    RETURNING 1
), wanted(kind, label, cap) AS (
    VALUES ('day', CAST(:day AS text), CAST(:day_cap AS bigint)), ('month', :month, :month_cap),
        ('run', :run, :run_cap), ('week', :week, :week_cap)
), held AS (
    -- One order for everybody, so that no two wait for each other.
    SELECT p.kind, p.label
    FROM vidi_periods p JOIN wanted w ON (p.kind, p.label) = (w.kind, w.label)
    WHERE EXISTS (SELECT FROM moved) ORDER BY p.kind, p.label FOR UPDATE OF p
), taken AS (
    UPDATE vidi_periods p SET reserved = p.reserved + :reserved FROM wanted w, held h
    WHERE (p.kind, p.label) = (w.kind, w.label) AND (h.kind, h.label) = (p.kind, p.label)
        AND p.reserved + p.spent + :reserved <= w.cap
    RETURNING 1
), charge AS (
    INSERT INTO vidi_charges (run, inference, attempt, model, provider, reserved, day, week, month,
        reserved_at)
    SELECT :run, :inference, :attempt, :model, :provider, :reserved, :day, :week, :month,
        :reserved_at FROM moved
), noted AS (
    INSERT INTO vidi_events (journal, id, shard, epoch, writer, attempt, run, event, body)
    SELECT :journal, :inference, :shard, :epoch, :writer, :attempt, :run, 'intent',
        CAST(:body AS json) FROM moved
    RETURNING n, ts
)
SELECT (SELECT count(*) FROM moved), (SELECT count(*) FROM taken), n, ts
FROM (SELECT 1) one LEFT JOIN noted ON true
"""
_MINE = """
SELECT n, ts FROM vidi_events WHERE journal = :journal AND id = :inference AND attempt = :attempt
AND event = 'intent' AND writer = :writer AND epoch = :epoch
"""


def begin_in_shard(
    held: Shard, charge: Charge, caps: Sequence[Cap], intent: Mapping[str, object]
) -> Work[tuple[int, datetime]]:
    """Set money aside and note the intent; gives the event's number and time.

    Args:
        held: The shard, as this worker holds it.
        charge: What is set aside; its run is the fleet's.
        caps: What it stays under, together with everybody else.
        intent: The fields of the event.

    Raises:
        RefusedError: A cap has no room for it; nothing is on record.
        LeaseLostError: The shard is not held any more, or this attempt was begun elsewhere.
        StorageError: Nothing can be written.
    """
    return Work("writes", partial(_begin, held=held, charge=charge, caps=caps, intent=intent))


def _begin(
    transaction: Transaction,
    *,
    held: Shard,
    charge: Charge,
    caps: Sequence[Cap],
    intent: Mapping[str, object],
) -> tuple[int, datetime]:
    # By the database's clock: a worker's own may say another day, whose cap has room.
    now = datetime.fromtimestamp(transaction.read_clock(), UTC)
    charge = replace(charge, reserved_at=now)
    labels = name_periods(charge.key.run, now)
    known = {cap.kind: micros_down(cap.usd) for cap in caps}
    values = {
        **describe_charge(charge),
        **held._asdict(),
        **{f"{kind}_cap": known.get(kind, UNCAPPED) for kind in KINDS},
        "body": dump_line(intent),
    }
    for tries in (1, 2):
        transaction.change("SAVEPOINT intent", {})
        moved, taken, n, ts = transaction.read(_BEGIN, values)[0]
        if not moved:
            return _find_mine(transaction, values, charge)
        if taken == len(KINDS):
            return n, ts
        transaction.change("ROLLBACK TO SAVEPOINT intent", {})
        if tries == 1:  # the first in this period, or full
            open_periods(transaction, labels)
    raise _refuse(transaction, charge, caps, labels)


def _find_mine(
    transaction: Transaction, values: Mapping[str, object], charge: Charge
) -> tuple[int, datetime]:
    """Find the intent that was granted when the word of it was lost; else it is another's."""
    rows = transaction.read(_MINE, values) if transaction.repeated else ()
    if not rows:
        raise LeaseLostError(
            f"{charge.key.inference} is not this worker's to buy: it was begun elsewhere, or the "
            "shard is leased by another"
        )
    n, ts = rows[0]
    return n, ts


def _refuse(
    transaction: Transaction, charge: Charge, caps: Sequence[Cap], labels: Mapping[Kind, str]
) -> RefusedError:
    """The refusal of the first cap that has no room."""
    for cap in caps:
        usage = read_usage(transaction, cap.kind, labels[cap.kind])
        if usage.taken + charge.reserved > cap.usd:
            return refuse_by_cap(cap, usage, charge.reserved)
    return RefusedError("there was no room under the caps a moment ago")
