"""The intent of a fleet: lease, row, caps, charge and event in one statement, or none of it.

It can be granted once an attempt: the row goes from one that is closed at attempt a-1 to intended
at attempt a, whoever asks, and the event's own index says so again.
"""

from __future__ import annotations

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

# Nothing changes unless all of it does, so that one statement is a transaction by itself. Periods
# are named by the database's clock: a worker's own may say another day, whose cap has room.
_BEGIN = """
WITH now AS MATERIALIZED (
    SELECT clock_timestamp() AT TIME ZONE 'UTC' AS at
), named AS MATERIALIZED (
    SELECT to_char(at, 'YYYY-MM-DD') AS day, to_char(at, 'IYYY-"W"IW') AS week,
        to_char(at, 'YYYY-MM') AS month,
        to_char(at, 'YYYY-MM-DD"T"HH24:MI:SS.US"+00:00"') AS reserved_at FROM now
), lease AS (
    SELECT 1 FROM vidi_shards
    WHERE journal = :journal AND shard = :shard AND epoch = :epoch AND until > clock_timestamp()
    FOR SHARE
), mine AS (
    SELECT 1 FROM vidi_rows
    WHERE journal = :journal AND id = :inference AND attempt = :attempt - 1
        AND (status IN ('new', 'made', 'refused', 'failed')
            -- By its own worker a moment ago: called in another form now.
            OR (status = 'rejected' AND epoch = :epoch))
        AND EXISTS (SELECT FROM lease)
    FOR UPDATE
), wanted(kind, label, cap) AS (
    SELECT v.* FROM named, LATERAL (VALUES
        ('day', day, CAST(:day_cap AS bigint)), ('month', month, :month_cap),
        ('run', CAST(:run AS text), :run_cap), ('week', week, :week_cap)) v
), held AS (
    -- One order for everybody, so that no two wait for each other.
    SELECT p.kind, p.label, w.cap - p.reserved - p.spent AS room
    FROM vidi_periods p JOIN wanted w ON (p.kind, p.label) = (w.kind, w.label)
    WHERE EXISTS (SELECT FROM mine) ORDER BY p.kind, p.label FOR UPDATE OF p
), granted AS (
    SELECT 1 WHERE (SELECT count(*) FROM held WHERE room >= :reserved) = 4
), moved AS (
    UPDATE vidi_rows SET status = 'intended', attempt = :attempt, epoch = :epoch,
        request_id = NULL, intended_at = clock_timestamp(), changed_at = clock_timestamp()
    WHERE journal = :journal AND id = :inference AND EXISTS (SELECT FROM granted)
    RETURNING 1
), taken AS (
    UPDATE vidi_periods p SET reserved = p.reserved + :reserved FROM held h
    WHERE (h.kind, h.label) = (p.kind, p.label) AND EXISTS (SELECT FROM granted)
), charge AS (
    INSERT INTO vidi_charges (run, inference, attempt, model, provider, reserved, day, week, month,
        reserved_at)
    SELECT :run, :inference, :attempt, :model, :provider, :reserved, day, week, month, reserved_at
    FROM named, moved
), noted AS (
    INSERT INTO vidi_events (journal, id, shard, epoch, writer, attempt, run, event, body)
    SELECT :journal, :inference, :shard, :epoch, :writer, :attempt, :run, 'intent',
        CAST(:body AS json) FROM moved
    RETURNING n, ts
)
SELECT EXISTS (SELECT FROM mine), n, ts FROM (SELECT 1) one LEFT JOIN noted ON true
"""
# The second condition says nothing new: by it the index of open rows is known to serve.
_UNDER_WAY = """
SELECT EXISTS (SELECT FROM vidi_rows WHERE journal = :journal
    AND status IN ('intended', 'submitted', 'completed')
    AND status NOT IN ('succeeded', 'failed', 'moderated', 'rejected', 'in_doubt'))
"""
_MINE = """
SELECT n, ts FROM vidi_events WHERE journal = :journal AND id = :inference AND attempt = :attempt
AND event = 'intent' AND writer = :writer AND epoch = :epoch
"""


def is_under_way(journal: str) -> Work[bool]:
    """Whether any purchase of a job is under way: it may give back what it has set aside.

    What is in doubt is not: it keeps its money until somebody settles it.

    Raises:
        StorageError: The database cannot be read.
    """
    asked = {"journal": journal}
    return Work("reads", lambda found: bool(found.read(_UNDER_WAY, asked)[0][0]), alone=True)


def begin_at_once(
    held: Shard, charge: Charge, caps: Sequence[Cap], intent: Mapping[str, object]
) -> Work[tuple[int, datetime] | None]:
    """As `begin_in_shard`, by one question; None where there is no room, or no period yet."""
    values = _describe(held, charge, caps, intent)

    def begin(transaction: Transaction) -> tuple[int, datetime] | None:
        mine, n, ts = transaction.read(_BEGIN, values)[0]
        if not mine:
            return _find_mine(transaction, values, charge)
        return None if n is None else (n, ts)

    return Work("writes", begin, alone=True)


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
    values = _describe(held, charge, caps, intent)
    return Work("writes", partial(_begin, charge=charge, caps=caps, values=values))


def _describe(
    held: Shard, charge: Charge, caps: Sequence[Cap], intent: Mapping[str, object]
) -> Mapping[str, object]:
    known = {cap.kind: micros_down(cap.usd) for cap in caps}
    return {
        **describe_charge(charge),
        **held._asdict(),
        **{f"{kind}_cap": known.get(kind, UNCAPPED) for kind in KINDS},
        "body": dump_line(intent),
    }


def _begin(
    transaction: Transaction,
    *,
    charge: Charge,
    caps: Sequence[Cap],
    values: Mapping[str, object],
) -> tuple[int, datetime]:
    now = datetime.fromtimestamp(transaction.read_clock(), UTC)
    labels = name_periods(charge.key.run, now)
    for tries in (1, 2):
        mine, n, ts = transaction.read(_BEGIN, values)[0]
        if not mine:
            return _find_mine(transaction, values, charge)
        if n is not None:
            return n, ts
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
