"""Shards: what a worker leases, and for how long, by the database's clock.

A lease admits new intents and nothing else: what was bought is decided by the attempt on its row.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from vidi.inference.tracking.ledger.work import Work

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from vidi.inference.tracking.ledger.work import Transaction

LEASE_S = 60.0
_CLAIM = """
UPDATE vidi_shards SET epoch = epoch + 1, holder = :writer, counts = NULL,
    until = clock_timestamp() + make_interval(secs => :seconds)
WHERE journal = :journal AND shard = :shard AND ended_at IS NULL AND until < clock_timestamp()
    AND EXISTS (SELECT FROM vidi_journals j WHERE j.journal = :journal AND j.state = 'running')
RETURNING epoch
"""
_UNCOUNT = """
UPDATE vidi_shards SET counts = NULL WHERE journal = :journal
AND shard = ANY(CAST(string_to_array(:shards, ' ') AS integer[]))
"""
_HELD = "s.journal = :journal AND s.shard = :shard AND s.epoch = :epoch"
_RENEW = f"""
UPDATE vidi_shards s SET until = clock_timestamp() + make_interval(secs => :seconds)
FROM vidi_journals j WHERE j.journal = s.journal AND {_HELD} AND s.ended_at IS NULL
RETURNING j.state, j.cancel
"""  # noqa: S608
_FREE = f"UPDATE vidi_shards s SET until = '-infinity' WHERE {_HELD}"  # noqa: S608
_END = f"""
UPDATE vidi_shards s SET ended_at = clock_timestamp(), until = '-infinity',
    counts = (SELECT json_object_agg(status, many) FROM (
        SELECT status, count(*) AS many FROM vidi_rows
        WHERE journal = :journal AND shard = :shard GROUP BY status) found)
WHERE {_HELD} AND NOT EXISTS (
    SELECT FROM vidi_rows WHERE journal = :journal AND shard = :shard
    AND status NOT IN ('succeeded', 'failed', 'moderated', 'rejected'))
"""  # noqa: S608
_FIND = """
SELECT s.journal, s.shard, EXISTS (
    SELECT FROM vidi_rows r WHERE r.journal = s.journal AND r.shard = s.shard
    AND r.status IN ('submitted', 'completed', 'unfinished')) AS begun
FROM vidi_shards s JOIN vidi_journals j ON j.journal = s.journal
WHERE j.state = 'running' AND s.ended_at IS NULL AND s.until < clock_timestamp()
    AND (:journal = '' OR s.journal = :journal) AND s.shard % :count = :rest
    AND EXISTS (SELECT FROM vidi_rows r WHERE r.journal = s.journal AND r.shard = s.shard
        AND r.queue = ANY(string_to_array(:queues, ' '))
        AND r.status NOT IN ('succeeded', 'failed', 'moderated', 'rejected', 'in_doubt'))
    AND (s.until > '-infinity' OR NOT :left_behind)
ORDER BY begun DESC, s.until > '-infinity' DESC, s.epoch, s.shard LIMIT :most
"""
_STANDING = """
SELECT count(*) FILTER (WHERE s.until >= clock_timestamp()), count(*) FILTER (WHERE EXISTS (
    SELECT FROM vidi_rows r WHERE r.journal = s.journal AND r.shard = s.shard
    AND r.status NOT IN ('succeeded', 'failed', 'moderated', 'rejected', 'in_doubt')))
FROM vidi_shards s
WHERE s.journal = :journal AND s.ended_at IS NULL AND s.shard % :count = :rest
    AND EXISTS (SELECT FROM vidi_rows r WHERE r.journal = s.journal AND r.shard = s.shard
        AND r.queue = ANY(string_to_array(:queues, ' ')))
"""


class Waiting(NamedTuple):
    """A shard in which something is to be done."""

    journal: str
    shard: int
    begun: bool
    """Whether something of it was bought that is not home yet."""


class Shard(NamedTuple):
    """A part of a journal, as one worker holds it."""

    journal: str
    shard: int
    epoch: int
    """How often it was claimed: who holds an older one holds it no longer."""
    writer: str
    """Names the worker."""


class Standing(NamedTuple):
    """What a worker is told when it renews a lease."""

    held: bool
    """Whether it is still its own."""
    running: bool = False
    """Whether new intents are wanted."""
    cancel: bool = False
    """Whether what is under way is to be cancelled at its provider."""


class Part(NamedTuple):
    """The shards of a journal that one of several workers takes; all of them by default."""

    number: int = 1
    """From 1."""
    of: int = 1

    @property
    def values(self) -> Mapping[str, int]:
        """As statements have it: the rest of a shard's number."""
        return {"count": self.of, "rest": self.number % self.of}


ALL = Part()


class Left(NamedTuple):
    """What is left of a worker's part."""

    held: int
    """Shards that somebody works on."""
    open: int
    """Shards in which something is to be done, by somebody's work or by one's own."""


def claim_shard(
    journal: str, shard: int, writer: str, *, seconds: float = LEASE_S
) -> Work[Shard | None]:
    """Lease a shard of a running journal that nobody holds.

    None where somebody does, it has ended, or nothing new is wanted of the journal.

    Raises:
        StorageError: Nothing can be written.
    """

    def claim(transaction: Transaction) -> Shard | None:
        asked = {"journal": journal, "shard": shard, "writer": writer, "seconds": seconds}
        rows = transaction.read(_CLAIM, asked)
        return Shard(journal, shard, rows[0][0], writer) if rows else None

    return Work("writes", claim, alone=True)


def renew_shard(held: Shard, *, seconds: float = LEASE_S) -> Work[Standing]:
    """Hold a shard for so long again, unless it is lost.

    Raises:
        StorageError: Nothing can be written.
    """

    def renew(transaction: Transaction) -> Standing:
        rows = transaction.read(_RENEW, {**_name(held), "seconds": seconds})
        if not rows:
            return Standing(held=False)
        state, cancel = rows[0]
        return Standing(held=True, running=state == "running", cancel=cancel)

    return Work("writes", renew, alone=True)


def free_shard(held: Shard) -> Work[bool]:
    """Let others have a shard at once.

    Raises:
        StorageError: Nothing can be written.
    """
    return Work("writes", partial(_change, statement=_FREE, held=held), alone=True)


def end_shard(held: Shard) -> Work[bool]:
    """Say that all of a shard is done, where it is: the only word that counts.

    Raises:
        StorageError: Nothing can be written.
    """
    return Work("writes", partial(_change, statement=_END, held=held), alone=True)


def forget_counts(journal: str, shards: Collection[int]) -> Work[int]:
    """Have the rows of some shards counted anew: they are about to change without a lease.

    Raises:
        StorageError: Nothing can be written.
    """
    asked = {"journal": journal, "shards": " ".join(map(str, shards))}
    return Work("writes", lambda found: found.change(_UNCOUNT, asked), alone=True)


def find_shards(
    queues: Collection[str], *, journal: str = "", part: Part = ALL, most: int = 16
) -> Work[list[Waiting]]:
    """Shards that nobody holds and in which something is to be done.

    First those in which something was bought that is not home yet: its provider keeps it for a
    while only (Replicate an hour), and behind a day's backlog it would be lost. Then those whose
    worker has died, and then those that nobody has had.

    Args:
        queues: The accounts that the worker has keys of.
        journal: Whose; empty for every running journal.
        part: Which of its shards.
        most: How many at most.

    Raises:
        StorageError: The database cannot be read.
    """
    return _find(queues, journal, part, most, left_behind=False)


def find_left_behind(
    queues: Collection[str], *, journal: str = "", part: Part = ALL, most: int = 16
) -> Work[list[Waiting]]:
    """Of those that `find_shards` finds, the ones whose lease has run out: nobody gave them up.

    Raises:
        StorageError: The database cannot be read.
    """
    return _find(queues, journal, part, most, left_behind=True)


def _find(
    queues: Collection[str], journal: str, part: Part, most: int, *, left_behind: bool
) -> Work[list[Waiting]]:
    about = {"journal": journal, "queues": " ".join(queues), "left_behind": left_behind}
    asked = {**about, "most": most, **part.values}

    def find(transaction: Transaction) -> list[Waiting]:
        return [Waiting(*row) for row in transaction.read(_FIND, asked)]

    return Work("reads", find, alone=True)


def count_left(queues: Collection[str], journal: str, part: Part = ALL) -> Work[Left]:
    """What is left to be done of a part, by whoever has keys of some accounts.

    Raises:
        StorageError: The database cannot be read.
    """
    asked = {"journal": journal, "queues": " ".join(queues), **part.values}
    return Work("reads", lambda found: Left(*found.read(_STANDING, asked)[0]), alone=True)


def _change(transaction: Transaction, *, statement: str, held: Shard) -> bool:
    return bool(transaction.change(statement, _name(held)))


def _name(held: Shard) -> dict[str, object]:
    return {"journal": held.journal, "shard": held.shard, "epoch": held.epoch}
