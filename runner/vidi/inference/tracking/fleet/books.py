"""The journal and the books of one shard: every call is one transaction of the database."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from vidi.errors import RefusedError, StorageError
from vidi.inference.tracking.batches import outlast
from vidi.inference.tracking.books import UNSENT
from vidi.inference.tracking.boot_clock import boot_seconds
from vidi.inference.tracking.budget import Budget
from vidi.inference.tracking.fleet.intent import begin_at_once, begin_in_shard, is_under_way
from vidi.inference.tracking.fleet.journal import ShardJournal
from vidi.inference.tracking.journal.charges import Charge, ChargeKey
from vidi.inference.tracking.journal.journal import dump_line
from vidi.inference.tracking.ledger.ledger import raise_charge
from vidi.inference.tracking.ledger.receipts import find_takers, take_receipt
from vidi.inference.tracking.ledger.work import Work

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from vidi.inference.tracking.bills import Bill
    from vidi.inference.tracking.books import Reservation
    from vidi.inference.tracking.caps import Cap
    from vidi.inference.tracking.fleet.shards import Shard
    from vidi.inference.tracking.journal.events import EventKind
    from vidi.inference.tracking.ledger.connection import Ledger

ROOM_S = 1.0
"""How often a purchase that found no room under a cap looks again."""
_RIVAL = """
SELECT 1 FROM vidi_rows WHERE fingerprint = :fingerprint AND status IN ('intended', 'in_doubt')
AND NOT (journal = :journal AND id = :inference) LIMIT 1
"""


class ShardReceipts:
    """Whose a provider's request is, over every job of the database."""

    def __init__(self, ledger: Ledger, journal: ShardJournal) -> None:
        self._ledger = ledger
        self._journal = journal

    async def take_receipt(self, inference: str, provider: str, request_id: str) -> bool:
        """Enter that a request is this inference's; False where it is another's already."""
        own = self._find_own(inference)
        return own is None or await self._ledger.ask(take_receipt(own, provider, request_id))

    def enter_receipt(self, inference: str, provider: str, request_id: str) -> None:
        """It is entered with its event."""

    async def find_taken(
        self, inference: str, provider: str, request_ids: Collection[str]
    ) -> Collection[str]:
        """Which of these requests are known to be another inference's."""
        own = self._find_own(inference)
        takers = await self._ledger.ask(find_takers(provider, request_ids))
        return {request for request, key in takers.items() if key != own}

    def find_begun(self, inferences: Collection[str]) -> Collection[str]:
        """None: a row is begun once, whoever asks."""
        del inferences
        return ()

    def release_begun(self, inferences: Collection[str]) -> None:
        """There is nothing to give back."""

    def _find_own(self, inference: str) -> ChargeKey | None:
        state = self._journal.states.get(inference)
        return state.charges[-1].key if state is not None and state.charges else None


class _ShardAccount:
    """The ledger, as the budget of a shard sees it: most is booked with the facts."""

    def __init__(self, ledger: Ledger, journal: ShardJournal) -> None:
        self._ledger = ledger
        self._journal = journal

    async def reserve(
        self, inference: str, attempt: int, model: str, amount: Decimal
    ) -> Iterable[str]:
        """Was set aside with its intent."""
        del inference, attempt, model, amount
        return ()

    def settle(self, inference: str, actual: Decimal, bill: Bill | None = None) -> None:
        """Is booked with its event."""

    async def set_aside(self, inference: str, amount: Decimal) -> None:
        """Set more aside for what is under way, whatever the caps say.

        Raises:
            StorageError: It cannot be written.
        """
        state = self._journal.states.get(inference)
        if state is not None and state.charges:
            await self._ledger.ask(raise_charge(state.charges[-1].key, amount))


class ShardBooks:
    """The books of one shard.

    Args:
        ledger: The database.
        held: The shard.
        run: The id of the fleet's run.
        caps: What all of the fleet stays under, its own budget as the cap of the run.
        secrets: Texts that are never written in what people and providers say.
        journal: The journal, where it is not the shard's alone.
    """

    def __init__(
        self,
        ledger: Ledger,
        held: Shard,
        run: str,
        caps: Sequence[Cap],
        secrets: tuple[str, ...] = (),
        journal: ShardJournal | None = None,
    ) -> None:
        self.journal = journal or ShardJournal(ledger, held, run, secrets)
        self.budget = Budget(None, _ShardAccount(ledger, self.journal))
        """What this worker holds and has spent; the caps are the database's."""
        self.receipts = ShardReceipts(ledger, self.journal)
        self.sending: set[str] = set()
        self._ledger = ledger
        self._held = held
        self._run = run
        self._caps = caps

    async def begin_purchase(
        self, inference: str, reservation: Reservation, intent: Mapping[str, object]
    ) -> float:
        """As `Books.begin_purchase`, in one transaction.

        Where there is no room, it waits as long as anything of the job is under way, with whatever
        worker: that may cost less than was set aside for it.
        """
        others = True
        while True:
            began = boot_seconds()
            try:
                await self._begin(inference, reservation, intent)
                return began
            except RefusedError:
                if not others:
                    raise
            others = await self._ledger.ask(is_under_way(self._held.journal))
            await asyncio.sleep(ROOM_S if others else 0)

    async def _begin(
        self, inference: str, reservation: Reservation, intent: Mapping[str, object]
    ) -> None:
        beginning = asyncio.ensure_future(self._note_intent(inference, reservation, intent))
        try:
            await outlast(beginning)
        except asyncio.CancelledError:
            # Nobody sends it, and nobody else could know: it would be in doubt for a person.
            if not beginning.cancelled() and beginning.exception() is None:
                with suppress(StorageError):
                    await outlast(asyncio.ensure_future(self.record_refused(inference, UNSENT)))
            raise

    async def _note_intent(
        self, inference: str, reservation: Reservation, intent: Mapping[str, object]
    ) -> None:
        key = ChargeKey(self._run, inference, reservation.attempt)
        charge = Charge(key, reservation.model, reservation.amount, datetime.now(UTC))
        asked = (self._held, charge, self._caps, intent)
        begun = await self._ledger.ask(begin_at_once(*asked))
        if begun is None:
            begun = await self._ledger.ask(begin_in_shard(*asked))
        n, ts = begun
        self.journal.take_in(n, ts, "intent", inference, dump_line(intent))
        self.budget.hold(inference, reservation.amount)

    async def record_submitted(
        self, inference: str, provider: str, request_id: str, urls: Mapping[str, str]
    ) -> None:
        """As `Books.record_submitted`, in one transaction."""
        del provider  # the row's model says it
        fields = {"request_id": request_id, "urls": dict(urls)}
        await self.journal.note(self.journal.describe("submitted", inference, fields))

    async def record_settled(
        self,
        inference: str,
        actual: Decimal,
        fields: Mapping[str, object],
        bill: Bill | None = None,
    ) -> None:
        """As `Books.record_settled`, in one transaction."""
        told = {**fields, "actual_usd": actual}
        await self._close("settled", inference, told, actual, bill)

    async def record_refused(self, inference: str, error: Mapping[str, str]) -> None:
        """As `Books.record_refused`, in one transaction."""
        await self._close("refused", inference, {"error": dict(error)}, Decimal(0), None)

    async def has_rival(self, inference: str, fingerprint: str) -> bool:
        """Whether the same is being bought right now, by any worker of any job."""
        asked = {
            "journal": self._held.journal,
            "inference": inference,
            "fingerprint": fingerprint,
        }
        found: Sequence[Any] = await self._ledger.ask(
            Work("reads", lambda transaction: transaction.read(_RIVAL, asked))
        )
        return bool(found)

    async def _close(
        self,
        event: EventKind,
        inference: str,
        fields: Mapping[str, object],
        actual: Decimal,
        bill: Bill | None,
    ) -> None:
        fact = self.journal.describe(event, inference, fields)
        await self.journal.note(replace(fact, actual=actual, bill=bill))
        self.budget.settle(inference, actual)
