"""The ledger's list of receipts: which attempt a provider's request belongs to, over all folders.

Two runs that have lost the answer to the same submit see the same list at the provider; whoever
enters a request first has it.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from vidi.inference.tracking.journal.charges import ChargeKey
from vidi.inference.tracking.ledger.schema import RECEIPTS
from vidi.inference.tracking.ledger.work import Work, among, insert_once

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from vidi.inference.tracking.journal.charges import Charge
    from vidi.inference.tracking.ledger.work import Transaction

_ENTER = insert_once("vidi_receipts", RECEIPTS)
_OF = "SELECT request_id, run, inference, attempt FROM vidi_receipts WHERE provider = :provider"


def take_receipt(key: ChargeKey, provider: str, request_id: str) -> Work[bool]:
    """Enter that a request is this attempt's; gives False where it is another's already.

    Raises:
        StorageError: The ledger cannot be written.
    """
    return Work("notes", partial(_take, key=key, provider=provider, request_id=request_id))


def note_receipt(key: ChargeKey, provider: str, request_id: str) -> Work[None]:
    """Enter that a request is this attempt's, where nothing depends on whether it was another's.

    Raises:
        StorageError: The ledger cannot be written.
    """
    row = _row(key, provider, request_id)
    return Work("notes", lambda transaction: _insert(transaction, row))


def find_takers(provider: str, request_ids: Collection[str]) -> Work[dict[str, ChargeKey]]:
    """The attempts that these requests belong to, where that is known.

    Raises:
        StorageError: The ledger cannot be read.
    """
    return Work("reads", partial(_find, provider=provider, request_ids=tuple(request_ids)))


def enter_receipts(transaction: Transaction, charges: Iterable[Charge]) -> None:
    """Enter the receipts that a journal knows; those that are there stay as they are."""
    rows = [
        _row(charge.key, charge.provider, charge.request_id)
        for charge in charges
        if charge.request_id is not None
    ]
    transaction.change_each(_ENTER, rows)


def _take(transaction: Transaction, *, key: ChargeKey, provider: str, request_id: str) -> bool:
    _insert(transaction, _row(key, provider, request_id))
    return _find(transaction, provider=provider, request_ids=(request_id,))[request_id] == key


def _find(
    transaction: Transaction, *, provider: str, request_ids: tuple[str, ...]
) -> dict[str, ChargeKey]:
    if not request_ids:
        return {}
    places, values = among("request_id", request_ids)
    rows = transaction.read(f"{_OF} AND request_id IN {places}", {"provider": provider, **values})
    return {request: ChargeKey(*key) for request, *key in rows}


def _row(key: ChargeKey, provider: str, request_id: str) -> dict[str, object]:
    return {"provider": provider, "request_id": request_id, **key._asdict()}


def _insert(transaction: Transaction, row: Mapping[str, object]) -> None:
    transaction.change(_ENTER, row)
