"""How a job of a fleet stands: rows, money, workers, speed, and what went wrong last."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from vidi.inference.tracking.ledger.ledger import read_usage
from vidi.inference.tracking.ledger.work import Work

if TYPE_CHECKING:
    from collections.abc import Mapping
    from decimal import Decimal

    from vidi.inference.tracking.caps import CapUsage
    from vidi.inference.tracking.fleet.destinations import Destination
    from vidi.inference.tracking.ledger.work import Transaction

CLOSED = frozenset({"succeeded", "failed", "moderated", "rejected"})
WINDOW_S = 120
"""Over which it is counted how many rows end in a minute."""
NAMED = 1000
"""Doubts that are told by name."""
# Of a shard that has ended, or that nobody has had, the sums are known.
_COUNT = """
SELECT status, CAST(sum(many) AS bigint) FROM (
    SELECT c.key AS status, CAST(c.value AS bigint) AS many
    FROM vidi_shards s, LATERAL json_each_text(s.counts) c
    WHERE s.journal = :journal AND s.counts IS NOT NULL
    UNION ALL
    SELECT r.status, count(*) FROM vidi_rows r
    WHERE r.journal = :journal AND r.shard IN (
        SELECT shard FROM vidi_shards WHERE journal = :journal AND counts IS NULL)
    GROUP BY r.status) found
GROUP BY status
"""
_COUNT_ALL = "SELECT status, count(*) FROM vidi_rows WHERE journal = :journal GROUP BY status"
"""While rows are entered."""
_RATE = """
SELECT count(*), extract(epoch FROM clock_timestamp() - least(min(ts),
    clock_timestamp() - interval '1 second'))
FROM vidi_events WHERE journal = :journal AND event = 'settled' AND NOT fenced
    AND ts > clock_timestamp() - make_interval(secs => :window)
"""
_WORKERS = """
SELECT holder, count(*) FROM vidi_shards
WHERE journal = :journal AND until >= clock_timestamp() GROUP BY holder ORDER BY holder
"""
_DOUBTS = """
SELECT id FROM vidi_rows WHERE journal = :journal AND status = 'in_doubt'
    AND status IN ('intended', 'in_doubt') ORDER BY n LIMIT :most
"""
_WRONG = """
SELECT id, CAST(body AS text) FROM vidi_events
WHERE journal = :journal AND event IN ('refused', 'in_doubt', 'unfinished', 'settled', 'orphan')
    AND CAST(body AS text) LIKE '%"error":{%'
ORDER BY n DESC LIMIT 1
"""
_ORPHANS = "SELECT DISTINCT id FROM vidi_events WHERE journal = :journal AND event = 'orphan'"


@dataclass(frozen=True, slots=True)
class Figures:
    """How a job stands. Amounts are USD."""

    counts: Mapping[str, int]
    """How many rows stand how."""
    usage: CapUsage
    """What the present run has spent and set aside."""
    per_minute: float
    """Rows that end in a minute now."""
    workers: Mapping[str, int]
    """Who works on it, and on how many shards."""
    doubts: tuple[str, ...]
    orphans: tuple[str, ...]
    """What was bought although it had been taken for not bought."""
    last_error: tuple[str, str] | None
    """An id, and what went wrong with it last."""

    @property
    def total(self) -> int:
        """How many rows there are."""
        return sum(self.counts.values())

    @property
    def open(self) -> int:
        """Rows that workers have something to do with."""
        closed = {*CLOSED, "in_doubt"}
        return sum(count for status, count in self.counts.items() if status not in closed)

    @property
    def eta_s(self) -> float | None:
        """Seconds until all have ended, at the present speed; None where nothing goes on."""
        return self.open / self.per_minute * 60 if self.per_minute else None

    def left(self, budget: Decimal | None) -> Decimal | None:
        """USD that may still be set aside; None without a budget."""
        return None if budget is None else budget - self.usage.taken


def read_figures(destination: Destination) -> Work[Figures]:
    """How a job stands.

    Raises:
        StorageError: The database cannot be read.
    """
    return Work("reads", partial(_read, destination=destination))


def _read(transaction: Transaction, *, destination: Destination) -> Figures:
    named = {"journal": destination.journal}
    ended, seconds = transaction.read(_RATE, {**named, "window": WINDOW_S})[0]
    wrong = transaction.read(_WRONG, named)
    count = _COUNT_ALL if destination.state == "planning" else _COUNT
    return Figures(
        dict(map(tuple, transaction.read(count, named))),
        read_usage(transaction, "run", destination.run),
        60 * ended / float(seconds) if ended else 0.0,
        dict(map(tuple, transaction.read(_WORKERS, named))),
        tuple(key for (key,) in transaction.read(_DOUBTS, {**named, "most": NAMED})),
        tuple(key for (key,) in transaction.read(_ORPHANS, named)),
        _tell_wrong(*wrong[0]) if wrong else None,
    )


def _tell_wrong(inference: str, body: str) -> tuple[str, str]:
    error = json.loads(body).get("error") or {}
    return inference, str(error.get("message", ""))
