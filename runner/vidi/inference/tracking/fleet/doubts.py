"""Doubts of a job: where they are, and how long ago each was begun."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from vidi.inference.tracking.ledger.work import Work

if TYPE_CHECKING:
    from datetime import datetime

    from vidi.inference.tracking.ledger.work import Transaction

# What a live worker has begun is no doubt: it is on its way.
_OPEN = """
SELECT r.id, r.shard, r.intended_at, extract(epoch FROM clock_timestamp() - r.intended_at)
FROM vidi_rows r JOIN vidi_shards s ON s.journal = r.journal AND s.shard = r.shard
WHERE r.journal = :journal AND (r.status = 'in_doubt'
    OR (r.status = 'intended' AND s.until < clock_timestamp()))
ORDER BY r.n
"""
_TAKE_UNASKED = """
UPDATE vidi_rows SET asked_at = clock_timestamp() WHERE (journal, id) IN (
    SELECT r.journal, r.id FROM vidi_rows r JOIN vidi_journals j ON j.journal = r.journal
    WHERE j.state = 'running' AND r.status = 'in_doubt'
        AND (r.asked_at IS NULL OR r.asked_at < r.intended_at)
        AND r.intended_at < clock_timestamp() - make_interval(secs => :settle_s)
        AND r.queue = ANY(string_to_array(:queues, ' '))
    ORDER BY r.intended_at LIMIT :most FOR UPDATE OF r SKIP LOCKED)
RETURNING journal, id
"""


class Doubt(NamedTuple):
    """A row of which nobody knows whether it was bought."""

    id: str
    shard: int
    intended_at: datetime | None
    age_s: float
    """By the database's clock."""


def list_doubts_of(journal: str) -> Work[list[Doubt]]:
    """The doubts of a job.

    Raises:
        StorageError: The database cannot be read.
    """

    def find(transaction: Transaction) -> list[Doubt]:
        rows = transaction.read(_OPEN, {"journal": journal})
        return [Doubt(key, shard, at, float(age or 0)) for key, shard, at, age in rows]

    return Work("reads", find)


def take_unasked(settle_s: float, queues: list[str], most: int = 100) -> Work[dict[str, set[str]]]:
    """Doubts that are so old and were not asked for since; whoever takes them asks, once.

    Args:
        settle_s: Seconds that they are old at least.
        queues: The accounts that the worker has keys of.
        most: How many at most.

    Returns:
        Job to ids.

    Raises:
        StorageError: Nothing can be written.
    """
    asked = {"settle_s": settle_s, "queues": " ".join(queues), "most": most}

    def take(transaction: Transaction) -> dict[str, set[str]]:
        found: dict[str, set[str]] = {}
        for journal, key in transaction.read(_TAKE_UNASKED, asked):
            found.setdefault(journal, set()).add(key)
        return found

    return Work("writes", take)
