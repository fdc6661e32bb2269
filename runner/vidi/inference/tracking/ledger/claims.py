"""What another run of the same folder has begun, and this one's journal knows nothing of.

`git clean -fdX` takes log.jsonl away, and on some file systems locks do nothing. The ledger still
has what was set aside for that folder and id: it may have been sent, so it is not bought again.
Importing this loads SQLAlchemy.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, NamedTuple

import sqlalchemy as sa

from vidi.dollars import format_usd
from vidi.errors import BegunElsewhereError
from vidi.inference.tracking.journal.charges import ChargeKey
from vidi.inference.tracking.ledger.ledger import book_actual
from vidi.inference.tracking.ledger.schema import charges, receipts, runs, usd_of

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from vidi.inference.tracking.ledger.connection import Ledger

HINT = (
    "Put log.jsonl back, or wait for the run that is still going on. Else look at the provider's "
    "own list: `vidi reconcile JOB_FILE --not-paid {id}` where it was not bought; --rebuy {id} "
    "buys it anew and counts the earlier one as spent."
)
_OPEN = (
    sa.select(charges, receipts.c.request_id)
    .join(runs, runs.c.run == charges.c.run)
    .outerjoin(
        receipts,
        sa.and_(
            receipts.c.run == charges.c.run,
            receipts.c.inference == charges.c.inference,
            receipts.c.attempt == charges.c.attempt,
        ),
    )
    .where(
        runs.c.folder == sa.bindparam("of_folder"),
        charges.c.inference == sa.bindparam("of_inference"),
        charges.c.actual.is_(None),
    )
)


class OwnFolder(NamedTuple):
    """The folder of a run, and what its journal knows."""

    folder: str
    """Absolute."""
    runs: frozenset[str]
    """The runs that the journal knows, the present one too."""
    rebuys: frozenset[str] = frozenset()
    """The ids that the user wants anew, whatever became of them before."""


def refuse_begun(connection: sa.Connection, own: OwnFolder, inference: str) -> None:
    """Make sure that no run that the journal does not know has begun this purchase.

    Raises:
        BegunElsewhereError: One has, and it is open.
    """
    begun = _list_begun(connection, own, inference)
    if inference in own.rebuys:
        _close(connection, begun, free=False)
    elif begun:
        first = begun[0]
        known = f", as {first.request_id}" if first.request_id else ""
        raise BegunElsewhereError(
            f"{inference} was begun by another run of this folder at {first.reserved_at[:19]} UTC "
            f"({format_usd(usd_of(first.reserved))} set aside{known}), and log.jsonl knows nothing "
            "of it: it may have been bought",
            hint=HINT.format(id=inference),
        )


def find_begun(ledger: Ledger, own: OwnFolder, inferences: Collection[str]) -> set[str]:
    """Which inferences runs have begun that the journal does not know.

    Raises:
        StorageError: The ledger cannot be read.
    """
    with ledger.reading() as connection:
        return {each for each in inferences if _list_begun(connection, own, each)}


def release_begun(ledger: Ledger, own: OwnFolder, inferences: Collection[str]) -> None:
    """Give back what those runs had set aside.

    Raises:
        StorageError: The ledger cannot be written.
    """
    with ledger.writing() as connection:
        for each in inferences:
            _close(connection, _list_begun(connection, own, each), free=True)


def _list_begun(
    connection: sa.Connection, own: OwnFolder, inference: str
) -> Sequence[sa.Row[tuple[object, ...]]]:
    asked = {"of_folder": own.folder, "of_inference": inference}
    return [row for row in connection.execute(_OPEN, asked) if row.run not in own.runs]


def _close(
    connection: sa.Connection, begun: Sequence[sa.Row[tuple[object, ...]]], *, free: bool
) -> None:
    """Settle what was begun: for nothing, or at the most that it may have been billed."""
    for row in begun:
        key = ChargeKey(row.run, row.inference, row.attempt)
        book_actual(connection, key, 0 if free else row.reserved, datetime.now(UTC))
