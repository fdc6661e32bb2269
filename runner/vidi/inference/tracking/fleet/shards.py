"""Shards: what a worker leases, and for how long, by the database's clock.

A lease admits new intents and nothing else: what was bought is decided by the attempt on its row.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from vidi.errors import StorageError
from vidi.inference.tracking.ledger.work import Work

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vidi.inference.tracking.ledger.work import Transaction

LEASE_S = 60.0
_CLAIM = """
UPDATE vidi_shards SET epoch = epoch + 1, holder = :writer,
    until = clock_timestamp() + make_interval(secs => :seconds)
WHERE journal = :journal AND shard = :shard AND ended_at IS NULL AND until < clock_timestamp()
RETURNING epoch
"""
_HELD = "journal = :journal AND shard = :shard AND epoch = :epoch"
_RENEW = f"""
UPDATE vidi_shards SET until = clock_timestamp() + make_interval(secs => :seconds)
WHERE {_HELD} AND ended_at IS NULL
"""  # noqa: S608
_FREE = f"UPDATE vidi_shards SET until = '-infinity' WHERE {_HELD}"  # noqa: S608
_END = f"""
UPDATE vidi_shards SET ended_at = clock_timestamp() WHERE {_HELD} AND NOT EXISTS (
    SELECT FROM vidi_rows WHERE journal = :journal AND shard = :shard
    AND status NOT IN ('succeeded', 'failed', 'moderated', 'rejected'))
"""  # noqa: S608
_BEGIN = """
INSERT INTO vidi_journals (journal, job, vidi_version, state, run)
VALUES (:journal, :job, :version, 'running', :run) ON CONFLICT DO NOTHING
"""
_ENTER = """
INSERT INTO vidi_rows
    (journal, id, n, shard, queue, output, out_key, fingerprint, spec, low, reserve)
VALUES (:journal, :id, :n, :shard, :queue, :output, :out_key, :fingerprint, CAST(:spec AS jsonb),
    :low, :reserve)
"""
_OPEN = """
INSERT INTO vidi_shards (journal, shard) SELECT DISTINCT journal, shard FROM vidi_rows
WHERE journal = :journal ON CONFLICT DO NOTHING
"""


class LeaseLostError(StorageError):
    """Somebody else holds the shard by now, or the inference has gone on elsewhere."""

    code = "lease-lost"


class Shard(NamedTuple):
    """A part of a journal, as one worker holds it."""

    journal: str
    shard: int
    epoch: int
    """How often it was claimed: who holds an older one holds it no longer."""
    writer: str
    """Names the worker."""


@dataclass(frozen=True, slots=True)
class Row:
    """An inference that is to be made, as it is planned. Amounts are micro-dollars."""

    id: str
    n: int
    shard: int
    queue: str
    output: str
    out_key: str
    """The path by which it is told apart from every other, folded."""
    fingerprint: str
    spec: str
    """JSON: what a worker makes the request of."""
    low: int
    reserve: int


def enter_rows(journal: str, job: str, run: str, version: str, rows: Sequence[Row]) -> Work[None]:
    """Enter a journal with its rows, and a shard for each of their parts.

    Raises:
        StorageError: An id or a path is taken, or nothing can be written.
    """

    def enter(transaction: Transaction) -> None:
        named = {"journal": journal, "job": job, "run": run, "version": version}
        transaction.change(_BEGIN, named)
        transaction.change_each(_ENTER, [{"journal": journal, **asdict(row)} for row in rows])
        transaction.change(_OPEN, {"journal": journal})

    return Work("writes", enter)


def claim_shard(
    journal: str, shard: int, writer: str, *, seconds: float = LEASE_S
) -> Work[Shard | None]:
    """Lease a shard that nobody holds; None where somebody does, or it has ended.

    Raises:
        StorageError: Nothing can be written.
    """

    def claim(transaction: Transaction) -> Shard | None:
        asked = {"journal": journal, "shard": shard, "writer": writer, "seconds": seconds}
        rows = transaction.read(_CLAIM, asked)
        return Shard(journal, shard, rows[0][0], writer) if rows else None

    return Work("writes", claim)


def renew_shard(held: Shard, *, seconds: float = LEASE_S) -> Work[bool]:
    """Hold a shard for so long again; False where it is lost.

    Raises:
        StorageError: Nothing can be written.
    """
    return Work("writes", partial(_change, statement=_RENEW, held=held, seconds=seconds))


def free_shard(held: Shard) -> Work[bool]:
    """Let others have a shard at once.

    Raises:
        StorageError: Nothing can be written.
    """
    return Work("writes", partial(_change, statement=_FREE, held=held))


def end_shard(held: Shard) -> Work[bool]:
    """Say that all of a shard is done, where it is: the only word that counts.

    Raises:
        StorageError: Nothing can be written.
    """
    return Work("writes", partial(_change, statement=_END, held=held))


def _change(transaction: Transaction, *, statement: str, held: Shard, **more: float) -> bool:
    named = {"journal": held.journal, "shard": held.shard, "epoch": held.epoch, **more}
    return bool(transaction.change(statement, named))
