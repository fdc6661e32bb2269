"""The ledger's list of receipts: which attempt a provider's request belongs to, over all folders.

Two runs that have lost the answer to the same submit see the same list at the provider; whoever
enters a request first has it. Importing this loads SQLAlchemy.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sa

from vidi.inference.tracking.journal.charges import ChargeKey
from vidi.inference.tracking.ledger.connection import insert_once
from vidi.inference.tracking.ledger.schema import receipts

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from vidi.inference.tracking.journal.charges import Charge
    from vidi.inference.tracking.ledger.connection import Ledger


_READ_TAKER = sa.select(receipts.c.run, receipts.c.inference, receipts.c.attempt).where(
    receipts.c.provider == sa.bindparam("of_provider"),
    receipts.c.request_id == sa.bindparam("of_request"),
)


def take_receipt(ledger: Ledger, key: ChargeKey, provider: str, request_id: str) -> bool:
    """Enter that a request is this attempt's; False where it is another's already.

    Raises:
        StorageError: The ledger cannot be written.
    """
    with ledger.noting() as connection:
        row = {"provider": provider, "request_id": request_id, **key._asdict()}
        insert_once(connection, receipts, [row])
        taken = {"of_provider": provider, "of_request": request_id}
        return ChargeKey(*connection.execute(_READ_TAKER, taken).one()) == key


def find_takers(
    ledger: Ledger, provider: str, request_ids: Collection[str]
) -> dict[str, ChargeKey]:
    """The attempts that these requests belong to, where that is known.

    Raises:
        StorageError: The ledger cannot be read.
    """
    with ledger.reading() as connection:
        return _read_takers(connection, provider, request_ids)


def enter_receipts(connection: sa.Connection, charges: Iterable[Charge]) -> None:
    """Enter the receipts that a journal knows; those that are there stay as they are."""
    rows = [
        {"provider": charge.provider, "request_id": charge.request_id, **charge.key._asdict()}
        for charge in charges
        if charge.request_id is not None
    ]
    if rows:
        insert_once(connection, receipts, rows)


def _read_takers(
    connection: sa.Connection, provider: str, request_ids: Collection[str]
) -> dict[str, ChargeKey]:
    query = sa.select(receipts).where(
        receipts.c.provider == provider, receipts.c.request_id.in_(request_ids)
    )
    return {
        row.request_id: ChargeKey(row.run, row.inference, row.attempt)
        for row in connection.execute(query)
    }
