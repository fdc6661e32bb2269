"""The books of a run: what is to be true of its journal and of its money, in one call each.

A purchase begins with money that is set aside and an intent that is on record; it ends with an
event and a sum. Where both are in one database, a call may be one transaction. Here the journal is
the truth and the ledger follows it: money is set aside before the intent is written, so that a cut
between the two leaves at worst a reservation that the next run gives back.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from vidi.errors import StorageError
from vidi.inference.tracking.batches import outlast
from vidi.inference.tracking.boot_clock import boot_seconds

if TYPE_CHECKING:
    from collections.abc import Coroutine, Mapping
    from decimal import Decimal

    from vidi.inference.tracking.bills import Bill
    from vidi.inference.tracking.budget import Budget
    from vidi.inference.tracking.journal.journal import Journal
    from vidi.inference.tracking.receipts import Receipts

UNSENT = {"code": "not-sent", "message": "the run ended before this was sent", "hint": ""}


@dataclass(frozen=True, slots=True)
class Reservation:
    """What a purchase may cost."""

    amount: Decimal
    """USD at most."""
    model: str
    attempt: int
    """Which of the inference's attempts it is, over all runs, from 1."""


class Books(Protocol):
    """What a purchase is put on record in; each call is whole or was not made."""

    @property
    def journal(self) -> Journal:
        """What happened to each inference."""

    @property
    def budget(self) -> Budget:
        """What may still be spent."""

    @property
    def receipts(self) -> Receipts:
        """Whose a provider's request is."""

    @property
    def sending(self) -> set[str]:
        """The ids whose paid request is on the wire: not yet bought, not yet refused."""

    async def has_rival(self, inference: str, fingerprint: str) -> bool:
        """Whether the same is being bought right now under another id.

        Then nobody can tell which of the two a request at the provider belongs to.
        """

    async def begin_purchase(
        self, inference: str, reservation: Reservation, intent: Mapping[str, object]
    ) -> float:
        """Set money aside and put the intent on record; when it returns, it may be sent, once.

        Args:
            inference: The id.
            reservation: What may be spent on it.
            intent: The fields of the event.

        Returns:
            When the intent began, by the boot clock: it may only be sent soon after.

        Raises:
            RefusedError: A cap has no room for it; nothing is on record.
            StorageError: It is not granted or not on record, or nothing may be bought any more.
        """

    async def record_submitted(
        self, inference: str, provider: str, request_id: str, urls: Mapping[str, str]
    ) -> None:
        """Put a receipt on record, for this folder and for all.

        Raises:
            StorageError: It is not on record.
        """

    async def record_settled(
        self,
        inference: str,
        actual: Decimal,
        fields: Mapping[str, object],
        bill: Bill | None = None,
    ) -> None:
        """Put on record how a purchase ended and what it cost.

        Args:
            inference: The id.
            actual: USD.
            fields: The other fields of the event.
            bill: What is to be learnt from it.

        Raises:
            StorageError: It is not on record, and nothing is booked.
        """

    async def record_refused(self, inference: str, error: Mapping[str, str]) -> None:
        """Put on record that nothing was bought, and give back what was set aside.

        Raises:
            StorageError: It is not on record, and the money stays set aside.
        """


@dataclass(frozen=True, slots=True)
class FolderBooks:
    """The books of a run in a folder: its journal, its budget, and the list of receipts."""

    journal: Journal
    budget: Budget
    receipts: Receipts
    sending: set[str] = field(default_factory=set)
    """The ids whose paid request is on the wire: not yet bought, not yet refused."""

    async def has_rival(self, inference: str, fingerprint: str) -> bool:
        """Whether the same is being bought right now under another id.

        Then nobody can tell which of the two a request at the provider belongs to.
        """
        states = self.journal.states
        return any(
            states[key].fingerprint == fingerprint
            for key in self.sending
            if key in states and key != inference
        )

    async def begin_purchase(
        self, inference: str, reservation: Reservation, intent: Mapping[str, object]
    ) -> float:
        """As `Books` says: the money first, so that a kill between leaves nothing bought unseen."""
        await self.budget.reserve(
            inference,
            reservation.amount,
            model=reservation.model,
            attempt=reservation.attempt,
        )
        began = boot_seconds()
        try:
            await self.journal.append("intent", inference, **intent)
            return began
        except (StorageError, asyncio.CancelledError):
            await self._take_back(inference)
            raise

    async def _take_back(self, inference: str) -> None:
        """Undo what was begun: nothing of it has left."""
        state = self.journal.states.get(inference)
        if state is None or state.status != "intended":
            self.budget.release(inference)
            return
        with suppress(StorageError):  # then it stays in doubt, and reserved
            await self.record_refused(inference, UNSENT)

    async def record_submitted(
        self, inference: str, provider: str, request_id: str, urls: Mapping[str, str]
    ) -> None:
        """Put a receipt on record, for this folder and for all.

        Raises:
            StorageError: It is not on record.
        """
        await self.journal.append("submitted", inference, request_id=request_id, urls=dict(urls))
        self.receipts.enter_receipt(inference, provider, request_id)

    async def record_settled(
        self,
        inference: str,
        actual: Decimal,
        fields: Mapping[str, object],
        bill: Bill | None = None,
    ) -> None:
        """As `Books` says: what is on record first, as replay brings the ledger up to it."""
        await _whole(self._settle(inference, actual, fields, bill))

    async def record_refused(self, inference: str, error: Mapping[str, str]) -> None:
        """Put on record that nothing was bought, and give back what was set aside.

        Raises:
            StorageError: It is not on record, and the money stays set aside.
        """
        await _whole(self._refuse(inference, error))

    async def _settle(
        self, inference: str, actual: Decimal, fields: Mapping[str, object], bill: Bill | None
    ) -> None:
        await self.journal.append("settled", inference, actual_usd=actual, **fields)
        self.budget.settle(inference, actual, bill)

    async def _refuse(self, inference: str, error: Mapping[str, str]) -> None:
        await self.journal.append("refused", inference, error=dict(error))
        self.budget.release(inference)


async def _whole(work: Coroutine[object, object, None]) -> None:
    """Do all of it, whoever cancels meanwhile: the money follows what is on record."""
    await outlast(asyncio.ensure_future(work))
