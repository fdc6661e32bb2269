"""What was left lying in the database, set right by one of the workers at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vidi.inference.tracking.ledger.work import Work

if TYPE_CHECKING:
    from vidi.inference.tracking.ledger.work import Transaction

_LEAD = "SELECT pg_try_advisory_xact_lock(:lock)"
_LOCK = 0x73776565  # "swee": held by the one that sweeps
# A receipt may come after its shard has ended, of a worker that was frozen.
_REOPEN = """
UPDATE vidi_shards s SET ended_at = NULL, counts = NULL WHERE s.ended_at IS NOT NULL AND EXISTS (
    SELECT FROM vidi_rows r JOIN vidi_journals j ON j.journal = r.journal
    WHERE r.journal = s.journal AND r.shard = s.shard AND j.state IN ('running', 'ended')
    AND r.status NOT IN ('succeeded', 'failed', 'moderated', 'rejected', 'in_doubt'))
"""
_RESUME = """
UPDATE vidi_journals j SET state = 'running', ended_at = NULL WHERE state = 'ended' AND EXISTS (
    SELECT FROM vidi_shards s WHERE s.journal = j.journal AND s.ended_at IS NULL)
"""
_CONCLUDE = """
UPDATE vidi_journals j SET state = 'stopped', ended_at = clock_timestamp()
WHERE state = 'stopping' AND NOT EXISTS (
    SELECT FROM vidi_shards s WHERE s.journal = j.journal AND s.until >= clock_timestamp())
"""


def sweep() -> Work[bool]:
    """Reopen what has something to be done, and conclude what nobody is at any more.

    Gives whether it was this worker's turn: one sweeps at a time.

    Raises:
        StorageError: Nothing can be written.
    """
    return Work("writes", _sweep)


def _sweep(transaction: Transaction) -> bool:
    if not transaction.read(_LEAD, {"lock": _LOCK})[0][0]:
        return False
    for statement in (_REOPEN, _RESUME, _CONCLUDE):
        transaction.change(statement, {})
    return True
