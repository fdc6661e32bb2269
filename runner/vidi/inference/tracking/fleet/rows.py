"""Rows: the inferences of a fleet, as they were planned, and how far each has come."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, NamedTuple, Protocol, cast

from vidi.inference.tracking.fleet.shards import ALL
from vidi.inference.tracking.ledger.work import Transaction, Work

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from vidi.inference.tracking.fleet.shards import Part, Shard

BATCH = 5000
"""Rows that are entered in one transaction."""
_COLUMNS = (
    "journal", "id", "n", "shard", "queue", "output", "out_key", "fingerprint", "spec", "low",
    "reserve", "status",
)  # fmt: skip
# Of this connection alone, and gone with it: as the lock of the one planner is.
_STAGE = (
    "DROP TABLE IF EXISTS pg_temp.vidi_planned",
    f"CREATE TEMPORARY TABLE vidi_planned AS SELECT {', '.join(_COLUMNS)} FROM vidi_rows "  # noqa: S608
    "WITH NO DATA",
    "CREATE UNIQUE INDEX ON pg_temp.vidi_planned (n)",
)
_TAKEN = """
SELECT p.id, p.output, r.id FROM pg_temp.vidi_planned p
JOIN vidi_rows r ON r.journal = p.journal AND r.out_key = p.out_key AND r.id <> p.id
WHERE NOT (r.attempt = 0 AND r.status IN ('new', 'refused', 'rejected'))
ORDER BY p.n LIMIT :most
"""
_HOLD = """
SELECT id FROM pg_temp.vidi_planned WHERE position(:text IN CAST(spec->'params' AS text)) > 0
ORDER BY n LIMIT :most
"""
# What may still be billed keeps what it was bought by; a shard is of one account, and a row stays
# in its own while that is the same provider's.
_ENTER = f"""
INSERT INTO vidi_rows AS r ({", ".join(_COLUMNS)}) SELECT journal, id, n,
    CAST(CAST(:first AS json)->>queue AS integer) + shard / :size, queue, output, out_key,
    fingerprint, spec, low, reserve, status
FROM pg_temp.vidi_planned WHERE n > :after AND n <= :until
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


class Taken(NamedTuple):
    """A place that is another inference's, by an earlier plan."""

    id: str
    output: str
    owner: str


def begin_staging() -> Work[None]:
    """Make room for the rows of a plan, which nobody sees, and forget those of one before.

    Raises:
        StorageError: Nothing can be written.
    """

    def begin(transaction: Transaction) -> None:
        for statement in _STAGE:
            transaction.change(statement, {})

    return Work("writes", begin)


def stage_rows(journal: str, rows: Sequence[Row]) -> Work[None]:
    """Put some rows by, by COPY; call it with `BATCH` at most.

    Args:
        journal: The job.
        rows: The number of each is its own and goes on from the last; `shard` is its place among
            those of its account, from 0.

    Raises:
        StorageError: Nothing can be written, or the connection was another when it began.
    """

    def stage(transaction: Transaction) -> None:
        described = ({"journal": journal, **asdict(row)} for row in rows)
        staged = (tuple(each[name] for name in _COLUMNS) for each in described)
        copying = cast("_CopyingTransaction", transaction)  # a fleet is in PostgreSQL, or nowhere
        copying.copy_in(f"pg_temp.vidi_planned ({', '.join(_COLUMNS)})", staged)

    return Work("notes", stage)


def find_taken(most: int) -> Work[list[Taken]]:
    """The first staged rows whose place is another's, by an earlier plan.

    Raises:
        StorageError: The database cannot be read.
    """
    asked = {"most": most}
    return Work("reads", lambda found: [Taken(*row) for row in found.read(_TAKEN, asked)])


def find_holding(text: str, most: int) -> Work[list[str]]:
    """The ids of the first staged rows in whose params a text is, as JSON has it.

    Raises:
        StorageError: The database cannot be read.
    """
    asked = {"text": text, "most": most}
    return Work("reads", lambda found: [key for (key,) in found.read(_HOLD, asked)])


def enter_staged(first: Mapping[str, int], size: int, after: int, until: int) -> Work[None]:
    """Enter staged rows, or bring them up to the new plan, from one number to another.

    Args:
        first: The first shard of each account.
        size: How many rows of an account are in a shard.
        after: The number before the first of them.
        until: The last of them.

    Raises:
        StorageError: A path is there twice, nothing can be written, or the connection was another
            when they were staged.
    """
    asked = {"first": json.dumps(first), "size": size, "after": after, "until": until}
    return Work("writes", lambda transaction: _change(transaction, asked))


def _change(transaction: Transaction, asked: Mapping[str, object]) -> None:
    transaction.change(_ENTER, asked)


def read_rows(journal: str, shard: int) -> Work[list[Row]]:
    """The rows of a shard that have not ended, in file order.

    Raises:
        StorageError: The database cannot be read.
    """
    asked = {"journal": journal, "shard": shard}
    return Work("reads", lambda found: [Row(*row) for row in found.read(_READ, asked)], alone=True)


def read_all_rows(journal: str, shard: int) -> Work[list[Row]]:
    """The rows of a shard, however they stand, in file order.

    Raises:
        StorageError: The database cannot be read.
    """
    asked = {"journal": journal, "shard": shard}
    return Work(
        "reads", lambda found: [Row(*row) for row in found.read(_READ_ALL, asked)], alone=True
    )


def list_shards(journal: str) -> Work[list[int]]:
    """The shards that a job's rows are in.

    Raises:
        StorageError: The database cannot be read.
    """
    asked = {"journal": journal}
    return Work(
        "reads", lambda found: [shard for (shard,) in found.read(_SHARDS, asked)], alone=True
    )


def list_unheld(journal: str) -> Work[dict[str, int]]:
    """What is under way at a provider and in no worker's hands: id to shard.

    Raises:
        StorageError: The database cannot be read.
    """
    asked = {"journal": journal}
    return Work("reads", lambda found: dict(map(tuple, found.read(_UNHELD, asked))), alone=True)


def count_rows(journal: str, part: Part = ALL) -> Work[dict[str, int]]:
    """How many rows of a part of a job stand how.

    Raises:
        StorageError: The database cannot be read.
    """
    asked = {"journal": journal, **part.values}
    return Work("reads", lambda found: dict(map(tuple, found.read(_COUNT, asked))), alone=True)


def count_of_shard(held: Shard) -> Work[dict[str, int]]:
    """How many rows of a shard stand how.

    Raises:
        StorageError: The database cannot be read.
    """
    asked = {"journal": held.journal, "shard": held.shard}
    return Work(
        "reads", lambda found: dict(map(tuple, found.read(_COUNT_SHARD, asked))), alone=True
    )
