"""What is wanted of a job now: planning → running → stopping → stopped, or ended.

A planner that dies leaves `planning`, and the same command begins anew. Only what is running is
leased.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from vidi.errors import FolderLockedError
from vidi.inference.tracking.fleet.destinations import Terms
from vidi.inference.tracking.journal.journal import dump_line
from vidi.inference.tracking.ledger.ledger import write_moment
from vidi.inference.tracking.ledger.schema import RUNS, micros_down
from vidi.inference.tracking.ledger.work import Work, insert_once

if TYPE_CHECKING:
    from collections.abc import Collection

    from vidi.inference.tracking.fleet.destinations import Destination
    from vidi.inference.tracking.ledger.work import Transaction

_LOCK = "SELECT pg_try_advisory_lock(:one, hashtext(:journal))"
_UNLOCK = "SELECT pg_advisory_unlock(:one, hashtext(:journal))"
_LOCKED = 0x76696469
_LIVE = """
SELECT count(*) FROM vidi_shards WHERE journal = :journal AND until >= clock_timestamp()
"""
_BEGIN = """
INSERT INTO vidi_journals
    (journal, store, job, plan_sha256, vidi_version, budget, state, run, terms)
VALUES (:journal, :store, :job, :plan_sha256, :vidi_version, :budget, 'planning', :run,
    CAST(:terms AS json))
ON CONFLICT (journal) DO UPDATE SET store = excluded.store, job = excluded.job,
    plan_sha256 = excluded.plan_sha256, vidi_version = excluded.vidi_version,
    budget = excluded.budget, state = 'planning', run = excluded.run, cancel = false, why = NULL,
    terms = excluded.terms, ended_at = NULL
"""
_FORGET = """
DELETE FROM vidi_rows WHERE journal = :journal AND attempt = 0
AND status IN ('new', 'refused', 'rejected')
"""
_CLOSE = """
UPDATE vidi_rows SET status = CASE status WHEN 'made' THEN 'succeeded' ELSE 'rejected' END
WHERE journal = :journal AND status IN ('new', 'made', 'refused')
"""
_UNCOUNT = "UPDATE vidi_shards SET counts = NULL WHERE journal = :journal"
_ENTER_RUN = insert_once("vidi_runs", RUNS)
_MOVE_EVENTS = """
UPDATE vidi_events e SET shard = r.shard FROM vidi_rows r
WHERE e.journal = :journal AND r.journal = e.journal AND r.id = e.id AND e.shard <> r.shard
"""
_DROP_SHARDS = """
DELETE FROM vidi_shards s WHERE journal = :journal AND NOT EXISTS (
    SELECT FROM vidi_rows r WHERE r.journal = s.journal AND r.shard = s.shard)
"""
_OPEN_SHARDS = """
INSERT INTO vidi_shards (journal, shard) SELECT DISTINCT journal, shard FROM vidi_rows
WHERE journal = :journal AND status NOT IN ('succeeded', 'failed', 'moderated', 'rejected')
ON CONFLICT (journal, shard) DO UPDATE SET ended_at = NULL
"""
# So that a look at a million rows counts those of the shards that somebody is at, and no others.
_COUNT = """
UPDATE vidi_shards s SET counts = found.counts FROM (
    SELECT shard, json_object_agg(status, many) AS counts FROM (
        SELECT shard, status, count(*) AS many FROM vidi_rows WHERE journal = :journal
        GROUP BY shard, status) each GROUP BY shard) found
WHERE s.journal = :journal AND s.shard = found.shard
"""
_FOLLOW_KEY = """
UPDATE vidi_rows SET queue = :queue WHERE journal = :journal AND queue <> :queue
AND left(queue, -17) = left(:queue, -17)
"""
_RUN = "UPDATE vidi_journals SET state = 'running' WHERE journal = :journal AND state = 'planning'"
_STOP = """
UPDATE vidi_journals SET state = CASE WHEN state = 'running' THEN 'stopping' ELSE state END,
    cancel = cancel OR :cancel, why = CASE WHEN :why = '' THEN why ELSE coalesce(why, :why) END
WHERE journal = :journal AND state IN ('running', 'stopping')
"""
_CONCLUDE = """
UPDATE vidi_journals j SET ended_at = clock_timestamp(),
    state = CASE WHEN state = 'running' THEN 'ended' ELSE 'stopped' END
WHERE journal = :journal AND (
    (state = 'stopping' AND NOT EXISTS (SELECT FROM vidi_shards s
        WHERE s.journal = j.journal AND s.until >= clock_timestamp()))
    OR (state = 'running' AND NOT EXISTS (SELECT FROM vidi_shards s
        WHERE s.journal = j.journal AND s.ended_at IS NULL)))
"""
_HIGHEST = "SELECT max(shard) FROM vidi_rows WHERE journal = :journal"


def lock_destination(journal: str) -> Work[None]:
    """Be the one planner of a job, until the connection is closed.

    Raises:
        FolderLockedError: Another one plans it.
        StorageError: The database cannot be asked.
    """

    def lock(transaction: Transaction) -> None:
        asked = {"one": _LOCKED, "journal": journal}
        if not transaction.read(_LOCK, asked)[0][0]:
            raise FolderLockedError(
                f"{journal} is being planned by another command",
                hint="Wait for it: `vidi status --fleet` says how it stands.",
            )

    return Work("writes", lock)


def unlock_destination(journal: str) -> Work[None]:
    """Let others plan a job.

    Raises:
        StorageError: The database cannot be asked.
    """

    def unlock(transaction: Transaction) -> None:
        transaction.read(_UNLOCK, {"one": _LOCKED, "journal": journal})

    return Work("writes", unlock)


def begin_planning(new: Destination) -> Work[int]:
    """Begin to plan a job, or to plan it anew; gives the highest shard that there is.

    What was never begun is forgotten, and what was refused is closed: the plan says anew what there
    is to do.

    Raises:
        FolderLockedError: Workers are still at it.
        StorageError: Nothing can be written.
    """

    def begin(transaction: Transaction) -> int:
        named = {"journal": new.journal}
        if transaction.read(_LIVE, named)[0][0]:
            raise FolderLockedError(
                f"workers are still at {new.journal}",
                hint=f"`vidi stop {new.journal}` lets them finish what is under way.",
            )
        budget = None if new.budget is None else micros_down(new.budget)
        terms = dump_line({name: getattr(new.terms, name) for name in Terms.__slots__})
        about = {
            "store": new.store,
            "job": new.job,
            "plan_sha256": new.plan_sha256,
            "vidi_version": new.vidi_version,
            "run": new.run,
        }
        transaction.change(_BEGIN, {**named, **about, "budget": budget, "terms": terms})
        transaction.change(_FORGET, named)
        transaction.change(_CLOSE, named)
        transaction.change(_UNCOUNT, named)
        highest = transaction.read(_HIGHEST, named)[0][0]
        return int(highest or 0)

    return Work("writes", begin)


def begin_running(new: Destination, queues: Collection[str]) -> Work[None]:
    """Let workers have what was planned: from now on it is bought.

    Args:
        new: The job.
        queues: The accounts that it is bought from now.

    Raises:
        StorageError: Nothing can be written.
    """

    def begin(transaction: Transaction) -> None:
        named = {"journal": new.journal}
        for queue in queues:  # a key that was changed since: nobody has the old one
            transaction.change(_FOLLOW_KEY, {**named, "queue": queue})
        transaction.change(_MOVE_EVENTS, named)
        transaction.change(_DROP_SHARDS, named)
        transaction.change(_OPEN_SHARDS, named)
        transaction.change(_COUNT, named)
        at = transaction.read("SELECT clock_timestamp()")[0][0]
        run = {"run": new.run, "job": new.job, "folder": new.journal}
        transaction.change(_ENTER_RUN, {**run, "started_at": write_moment(at)})
        transaction.change(_RUN, named)
        transaction.change(_CONCLUDE, named)

    return Work("writes", begin)


def stop_destination(journal: str, why: str = "", *, cancel: bool = False) -> Work[bool]:
    """Let no new intent begin; gives whether it was running, or stopping.

    Args:
        journal: The job.
        why: Which cap has no room; empty where a person has asked for it.
        cancel: Whether what is under way is to be cancelled at its provider.

    Raises:
        StorageError: Nothing can be written.
    """
    asked = {"journal": journal, "why": why, "cancel": cancel}

    def stop(transaction: Transaction) -> bool:
        stopped = bool(transaction.change(_STOP, asked))
        transaction.change(_CONCLUDE, {"journal": journal})
        return stopped

    return Work("writes", stop)


def conclude_destination(journal: str) -> Work[None]:
    """Say that a job has ended or stopped, where it has.

    Raises:
        StorageError: Nothing can be written.
    """
    return Work("writes", partial(_conclude, journal=journal), alone=True)


def _conclude(transaction: Transaction, *, journal: str) -> None:
    transaction.change(_CONCLUDE, {"journal": journal})
