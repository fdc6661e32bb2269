"""Somebody's word that nothing was bought: taken once no request of the intent can leave any more.

A poster that was frozen sends within `send_by_s` of its intent, or never. Before `settle_s` are
over, by the database's clock, nobody can know that it does not.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from vidi.errors import UsageError
from vidi.inference.tracking.fleet.facts import put_on_record
from vidi.inference.tracking.ledger.work import Work

if TYPE_CHECKING:
    from vidi.inference.tracking.fleet.facts import Fact, Noted
    from vidi.inference.tracking.fleet.shards import Shard
    from vidi.inference.tracking.ledger.work import Transaction

_AGE = """
SELECT extract(epoch FROM clock_timestamp() - intended_at) FROM vidi_rows
WHERE journal = :journal AND id = :inference FOR UPDATE
"""


def take_word(held: Shard, fact: Fact, settle_s: float) -> Work[Noted]:
    """Put on record that nothing was bought, by a person's or a rule's word.

    Args:
        held: Where the row is; no lease is needed.
        fact: The `refused` that says so.
        settle_s: Seconds that its intent must be old.

    Raises:
        UsageError: It is younger.
        StorageError: Nothing can be written.
    """
    return Work("writes", partial(_take, held=held, fact=fact, settle_s=settle_s))


def _take(transaction: Transaction, *, held: Shard, fact: Fact, settle_s: float) -> Noted:
    asked = {"journal": held.journal, "inference": fact.inference}
    rows = transaction.read(_AGE, asked)
    age_s = float(rows[0][0]) if rows and rows[0][0] is not None else settle_s
    if age_s < settle_s:
        raise UsageError(
            f"{fact.inference} was begun {age_s:.0f} s ago, and its worker may still send it",
            hint=f"Say so again in {settle_s - age_s:.0f} s.",
        )
    return put_on_record(transaction, held=held, fact=fact)
