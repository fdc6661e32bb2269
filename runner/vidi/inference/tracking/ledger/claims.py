"""What another run of the same folder has begun, and this one's journal knows nothing of.

`git clean -fdX` takes log.jsonl away, and on some file systems locks do nothing. The ledger still
has what was set aside for that folder and id: it may have been sent, so it is not bought again.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, NamedTuple

from vidi.dollars import format_usd
from vidi.errors import BegunElsewhereError
from vidi.inference.tracking.journal.charges import ChargeKey
from vidi.inference.tracking.ledger.ledger import book_actual
from vidi.inference.tracking.ledger.schema import usd_of
from vidi.inference.tracking.ledger.work import Work

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from vidi.inference.tracking.ledger.work import Transaction

HINT = (
    "Put log.jsonl back, or wait for the run that is still going on. Else look at the provider's "
    "own list: `vidi reconcile JOB_FILE --not-paid {id}` where it was not bought; --rebuy {id} "
    "buys it anew and counts the earlier one as spent."
)
_OPEN = """
SELECT c.run, c.inference, c.attempt, c.reserved, c.reserved_at, r.request_id
FROM vidi_charges c
JOIN vidi_runs ON vidi_runs.run = c.run
LEFT JOIN vidi_receipts r
    ON r.run = c.run AND r.inference = c.inference AND r.attempt = c.attempt
WHERE vidi_runs.folder = :folder AND c.inference = :inference AND c.actual IS NULL
"""


class _Begun(NamedTuple):
    """An open charge."""

    key: ChargeKey
    reserved: int
    """Micro-dollars."""
    reserved_at: str
    request_id: str | None


class OwnFolder(NamedTuple):
    """The folder of a run, and what its journal knows."""

    folder: str
    """Absolute."""
    runs: frozenset[str]
    """The runs that the journal knows, the present one too."""
    rebuys: frozenset[str] = frozenset()
    """The ids that the user wants anew, whatever became of them before."""


def refuse_begun(transaction: Transaction, own: OwnFolder, inference: str) -> None:
    """Make sure that no run that the journal does not know has begun this purchase.

    Raises:
        BegunElsewhereError: One has, and it is open.
    """
    begun = _list_begun(transaction, own, inference)
    if inference in own.rebuys:
        _close(transaction, begun, free=False)
    elif begun:
        first = begun[0]
        known = f", as {first.request_id}" if first.request_id else ""
        raise BegunElsewhereError(
            f"{inference} was begun by another run of this folder at {first.reserved_at[:19]} UTC "
            f"({format_usd(usd_of(first.reserved))} set aside{known}), and log.jsonl knows nothing "
            "of it: it may have been bought",
            hint=HINT.format(id=inference),
        )


def find_begun(own: OwnFolder, inferences: Collection[str]) -> Work[set[str]]:
    """Which inferences runs have begun that the journal does not know.

    Raises:
        StorageError: The ledger cannot be read.
    """

    def find(transaction: Transaction) -> set[str]:
        return {each for each in inferences if _list_begun(transaction, own, each)}

    return Work("reads", find)


def release_begun(own: OwnFolder, inferences: Collection[str]) -> Work[None]:
    """Give back what those runs had set aside.

    Raises:
        StorageError: The ledger cannot be written.
    """

    def release(transaction: Transaction) -> None:
        for each in inferences:
            _close(transaction, _list_begun(transaction, own, each), free=True)

    return Work("writes", release)


def _list_begun(transaction: Transaction, own: OwnFolder, inference: str) -> list[_Begun]:
    rows = transaction.read(_OPEN, {"folder": own.folder, "inference": inference})
    begun = [_Begun(ChargeKey(*row[:3]), *row[3:]) for row in rows]
    return [each for each in begun if each.key.run not in own.runs]


def _close(transaction: Transaction, begun: Sequence[_Begun], *, free: bool) -> None:
    """Settle what was begun: for nothing, or at the most that it may have been billed."""
    for each in begun:
        book_actual(transaction, each.key, 0 if free else each.reserved, datetime.now(UTC))
