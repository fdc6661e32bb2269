"""Rows: the inferences of a fleet, as they were planned, and how far each has come."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from functools import partial
from typing import TYPE_CHECKING, Protocol, cast

from vidi.errors import UsageError
from vidi.inference.tracking.fleet.shards import ALL
from vidi.inference.tracking.ledger.work import Transaction, Work

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from vidi.inference.tracking.fleet.shards import Part, Shard

BATCH = 5000
"""Rows that are entered in one transaction."""
_COLUMNS = (
    "journal", "id", "n", "shard", "queue", "output", "out_key", "fingerprint", "spec", "low",
    "reserve", "status",
)  # fmt: skip
_STAGE = f"""
CREATE TEMPORARY TABLE vidi_planned ON COMMIT DROP AS
SELECT {", ".join(_COLUMNS)} FROM vidi_rows WITH NO DATA
"""  # noqa: S608
_TAKEN = """
SELECT p.id, p.output, r.id FROM vidi_planned p
JOIN vidi_rows r ON r.journal = p.journal AND r.out_key = p.out_key AND r.id <> p.id
ORDER BY p.n LIMIT 5
"""
# What may still be billed keeps what it was bought by; a shard is of one account, and a row stays
# in its own while that is the same provider's.
_ENTER = f"""
INSERT INTO vidi_rows AS r ({", ".join(_COLUMNS)}) SELECT {", ".join(_COLUMNS)} FROM vidi_planned
ON CONFLICT (journal, id) DO UPDATE SET n = excluded.n, output = excluded.output,
    out_key = excluded.out_key, fingerprint = excluded.fingerprint, spec = excluded.spec,
    low = excluded.low, reserve = excluded.reserve, status = excluded.status,
    queue = excluded.queue, changed_at = clock_timestamp(),
    shard = CASE WHEN left(r.queue, -17) = left(excluded.queue, -17) THEN r.shard
        ELSE excluded.shard END
WHERE r.status IN ('new', 'made', 'refused', 'failed', 'rejected', 'succeeded', 'moderated')
"""  # noqa: S608
_READ = """
SELECT id, n, shard, queue, output, out_key, fingerprint, CAST(spec AS text), low, reserve, status,
    attempt
FROM vidi_rows WHERE journal = :journal AND shard = :shard
    AND status NOT IN ('succeeded', 'failed', 'moderated', 'rejected')
ORDER BY n
"""
_READ_ALL = """
SELECT id, n, shard, queue, output, out_key, fingerprint, CAST(spec AS text), low, reserve, status,
    attempt
FROM vidi_rows WHERE journal = :journal AND shard = :shard ORDER BY n
"""
_SHARDS = "SELECT DISTINCT shard FROM vidi_rows WHERE journal = :journal ORDER BY shard"
_UNHELD = """
SELECT r.id, r.shard FROM vidi_rows r JOIN vidi_shards s
    ON s.journal = r.journal AND s.shard = r.shard
WHERE r.journal = :journal AND r.status IN ('submitted', 'unfinished')
    AND s.until < clock_timestamp()
"""
_COUNT = """
SELECT status, count(*) FROM vidi_rows WHERE journal = :journal AND shard % :count = :rest
GROUP BY status
"""
_COUNT_SHARD = """
SELECT status, count(*) FROM vidi_rows WHERE journal = :journal AND shard = :shard GROUP BY status
"""


@dataclass(frozen=True, slots=True)
class Row:
    """An inference of a fleet. Amounts are micro-dollars."""

    id: str
    n: int
    shard: int
    queue: str
    """The account that it is bought from: a worker listens where it has the key."""
    output: str
    out_key: str
    """The path by which it is told apart from every other, folded."""
    fingerprint: str
    spec: str
    """JSON: what a worker makes the request of."""
    low: int
    reserve: int
    status: str = "new"
    attempt: int = 0
    """How often it was begun, over all runs."""


class _CopyingTransaction(Transaction, Protocol):
    """A transaction of PostgreSQL."""

    def copy_in(self, target: str, rows: Iterable[Sequence[object]]) -> None:
        """Bring rows into a table, by COPY."""


def enter_rows(journal: str, rows: Sequence[Row]) -> Work[None]:
    """Enter rows by COPY, or bring them up to a new plan; call it with `BATCH` at most.

    Raises:
        UsageError: The place of one is that of another.
        StorageError: An id or a path is there twice, or nothing can be written.
    """
    return Work("writes", partial(_enter, journal=journal, rows=rows))


def _enter(transaction: Transaction, *, journal: str, rows: Sequence[Row]) -> None:
    transaction.change(_STAGE, {})
    described = ({"journal": journal, **asdict(row)} for row in rows)
    staged = (tuple(each[name] for name in _COLUMNS) for each in described)
    copying = cast("_CopyingTransaction", transaction)  # a fleet is in PostgreSQL, or nowhere
    copying.copy_in(f"vidi_planned ({', '.join(_COLUMNS)})", staged)
    taken = transaction.read(_TAKEN)
    if taken:
        told = "; ".join(f"{id_} asks for {path}, which is {other}'s" for id_, path, other in taken)
        raise UsageError(
            f"two would have one place: {told}",
            hint="Give one of them another output, or the job a new `output_dir`.",
        )
    transaction.change(_ENTER, {})


def read_rows(journal: str, shard: int) -> Work[list[Row]]:
    """The rows of a shard that have not ended, in file order.

    Raises:
        StorageError: The database cannot be read.
    """
    asked = {"journal": journal, "shard": shard}
    return Work("reads", lambda found: [Row(*row) for row in found.read(_READ, asked)])


def read_all_rows(journal: str, shard: int) -> Work[list[Row]]:
    """The rows of a shard, however they stand, in file order.

    Raises:
        StorageError: The database cannot be read.
    """
    asked = {"journal": journal, "shard": shard}
    return Work("reads", lambda found: [Row(*row) for row in found.read(_READ_ALL, asked)])


def list_shards(journal: str) -> Work[list[int]]:
    """The shards that a job's rows are in.

    Raises:
        StorageError: The database cannot be read.
    """
    asked = {"journal": journal}
    return Work("reads", lambda found: [shard for (shard,) in found.read(_SHARDS, asked)])


def list_unheld(journal: str) -> Work[dict[str, int]]:
    """What is under way at a provider and in no worker's hands: id to shard.

    Raises:
        StorageError: The database cannot be read.
    """
    asked = {"journal": journal}
    return Work("reads", lambda found: dict(map(tuple, found.read(_UNHELD, asked))))


def count_rows(journal: str, part: Part = ALL) -> Work[dict[str, int]]:
    """How many rows of a part of a job stand how.

    Raises:
        StorageError: The database cannot be read.
    """
    asked = {"journal": journal, **part.values}
    return Work("reads", lambda found: dict(map(tuple, found.read(_COUNT, asked))))


def count_of_shard(held: Shard) -> Work[dict[str, int]]:
    """How many rows of a shard stand how.

    Raises:
        StorageError: The database cannot be read.
    """
    asked = {"journal": held.journal, "shard": held.shard}
    return Work("reads", lambda found: dict(map(tuple, found.read(_COUNT_SHARD, asked))))
