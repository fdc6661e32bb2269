"""The ledger as one run keeps it: granted before anything is sent, settled as things end.

A settlement that the ledger does not take (locked, gone) loses nothing: the journal has it. It is
tried again before the next reservation, which must be granted, and the next run replays the rest.
"""

from __future__ import annotations

import asyncio
from concurrent.futures import wait
from datetime import UTC, datetime
from decimal import Decimal
from functools import partial
from typing import TYPE_CHECKING

from vidi.errors import StorageError
from vidi.inference.tracking.caps import CapUsage, describe_level, find_level
from vidi.inference.tracking.journal.charges import Charge, ChargeKey
from vidi.inference.tracking.ledger.claims import find_begun, refuse_begun, release_begun
from vidi.inference.tracking.ledger.ledger import raise_charge, reserve_charge, settle_charge
from vidi.inference.tracking.ledger.receipts import find_takers, note_receipt, take_receipt
from vidi.inference.tracking.ledger.replay import read_record, replay_journal

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
    from concurrent.futures import Future

    from vidi.inference.tracking.bills import Bill
    from vidi.inference.tracking.caps import Cap, Kind
    from vidi.inference.tracking.journal.event_types import Event
    from vidi.inference.tracking.journal.events import InferenceState
    from vidi.inference.tracking.ledger.claims import OwnFolder
    from vidi.inference.tracking.ledger.connection import Ledger
    from vidi.inference.tracking.ledger.replay import RunRecord
    from vidi.inference.tracking.ledger.work import Transaction, Work

LONGEST_BOOKING_S = 3.0
"""How long the end of a run waits for a ledger that does not answer."""


class RunAccount:
    """The account of one run.

    Args:
        ledger: Where they are kept.
        run: The id of the run.
        caps: What it stays under, together with everybody else.
        states: What the journal knows from earlier runs; their open charges are settled here too.
        now: The clock; aware.
        own: The folder, whose purchases no other run may have begun; None where it has none.
    """

    def __init__(
        self,
        ledger: Ledger,
        run: str,
        caps: Sequence[Cap],
        states: Mapping[str, InferenceState],
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        *,
        own: OwnFolder | None = None,
    ) -> None:
        self._ledger = ledger
        self._run = run
        self._caps = caps
        self._now = now
        self._own = own
        self.follow(states)
        self._booking: dict[Future[None], Work[None]] = {}
        """What the ledger is asked to book, and has not done yet."""
        self._owed: list[Work[None]] = []
        """What it was asked to book, and did not."""
        self._told: dict[Kind, int] = {}

    def follow(self, states: Mapping[str, InferenceState]) -> None:
        """Learn which open purchase each id has: at the start, and after ids were renamed."""
        self._open = {
            name: state.charges[-1].key
            for name, state in states.items()
            if state.charges and state.charges[-1].open
        }

    @property
    def behind(self) -> int:
        """How many settled amounts the journal has and the ledger has not."""
        self._look_back()
        return len(self._owed) + len(self._booking)

    async def reserve(self, inference: str, attempt: int, model: str, amount: Decimal) -> list[str]:
        """Set an amount aside under every cap; returns what is to be told about them.

        Raises:
            RefusedError: A cap has no room for it.
            BegunElsewhereError: Another run of the folder has begun it.
            StorageError: The ledger did not grant it.
        """
        self._look_back()
        while self._owed:
            work = self._owed[0]
            await self._ledger.ask(work)
            if work in self._owed:
                self._owed.remove(work)
        key = ChargeKey(self._run, inference, attempt)
        charge = Charge(key, model, amount, self._now())
        try:
            usages = await self._ledger.ask(
                reserve_charge(charge, self._caps, partial(self._refuse_begun, inference))
            )
        except asyncio.CancelledError:
            self._book(settle_charge(key, Decimal(0), self._now()))  # it may yet be granted
            raise
        self._open[inference] = key
        return list(self._notice(usages))

    def _refuse_begun(self, inference: str, transaction: Transaction) -> None:
        if self._own is not None:
            refuse_begun(transaction, self._own, inference)

    def settle(self, inference: str, actual: Decimal, bill: Bill | None = None) -> None:
        """Book what the latest purchase of an inference cost; neither waits nor raises."""
        key = self._open.pop(inference, None)
        if key is not None:  # else nothing was bought: it was fetched again
            self._book(settle_charge(key, actual, self._now(), bill))

    async def set_aside(self, inference: str, amount: Decimal) -> None:
        """Set more aside for the open purchase of an inference, whatever the caps say.

        Raises:
            StorageError: The ledger cannot be written.
        """
        if (key := self._open.get(inference)) is not None:
            await self._ledger.ask(raise_charge(key, amount))

    async def take_receipt(self, inference: str, provider: str, request_id: str) -> bool:
        """Enter that a request is the open purchase of this inference; False: it is another's.

        Raises:
            StorageError: The ledger cannot be written.
        """
        key = self._open.get(inference)
        return key is None or await self._ledger.ask(take_receipt(key, provider, request_id))

    def enter_receipt(self, inference: str, provider: str, request_id: str) -> None:
        """Enter a receipt; where that fails, the next replay of the journal does it."""
        if (key := self._open.get(inference)) is not None:
            self._ledger.begin(note_receipt(key, provider, request_id))

    async def find_taken(
        self, inference: str, provider: str, request_ids: Collection[str]
    ) -> Collection[str]:
        """Which of these requests belong to other inferences, in whatever folder.

        Raises:
            StorageError: The ledger cannot be read.
        """
        own = self._open.get(inference)
        takers = await self._ledger.ask(find_takers(provider, request_ids))
        return {request for request, key in takers.items() if key != own}

    def find_begun(self, inferences: Collection[str]) -> Collection[str]:
        """Which of these other runs of the folder have begun, and its journal does not know.

        Raises:
            StorageError: The ledger cannot be read.
        """
        if self._own is None:
            return ()
        return self._ledger.do(find_begun(self._own, inferences))

    def release_begun(self, inferences: Collection[str]) -> None:
        """Give back what those runs had set aside.

        Raises:
            StorageError: The ledger cannot be written.
        """
        if self._own is not None and inferences:
            self._ledger.do(release_begun(self._own, inferences))

    def catch_up(self) -> None:
        """Wait for what is being booked, and try once more what could not be; never raises."""
        self._ledger.hurry()
        if wait(self._booking, LONGEST_BOOKING_S).not_done:
            self._ledger.break_off()
            wait(self._booking, LONGEST_BOOKING_S)
        self._look_back()
        try:
            while self._owed:
                self._ledger.do(self._owed[0])
                del self._owed[0]
        except StorageError:
            return  # the next run replays the journal

    def _book(self, work: Work[None]) -> None:
        self._look_back()
        self._booking[self._ledger.begin(work)] = work

    def _look_back(self) -> None:
        """Note what became of what the ledger was asked to book."""
        for booking in [each for each in self._booking if each.done()]:
            work = self._booking.pop(booking)
            if booking.exception() is not None:
                self._owed.append(work)

    def _notice(self, usages: Mapping[Kind, CapUsage]) -> Iterable[str]:
        for cap in self._caps:
            usage = usages[cap.kind]
            level = find_level(cap, usage)
            if cap.kind != "run" and level > self._told.get(cap.kind, 0):
                self._told[cap.kind] = level
                yield describe_level(cap, usage, level)


def replay_folder(
    ledger: Ledger,
    record: RunRecord,
    headers: Iterable[Event],
    states: Mapping[str, InferenceState],
) -> None:
    """Bring the ledger up to a folder's journal, and enter the run that is about to begin.

    Args:
        ledger: What is brought up.
        record: The run that begins; it holds the folder.
        headers: The `run_started` of every run in the journal.
        states: What the journal says of each inference.

    Raises:
        StorageError: The ledger cannot be written.
    """
    _replay(ledger, record.folder, headers, states, (record,))


def catch_up_folder(
    ledger: Ledger, folder: str, headers: Iterable[Event], states: Mapping[str, InferenceState]
) -> None:
    """Bring the ledger up to a folder's journal before anything is held against the caps.

    What a killed run had set aside and never sent is given back, so that it does not keep the very
    run out that comes to finish its work. Only who holds the folder may.

    Args:
        ledger: What is brought up.
        folder: The folder, absolute.
        headers: The `run_started` of every run in the journal.
        states: What the journal says of each inference.

    Raises:
        StorageError: The ledger cannot be written.
    """
    _replay(ledger, folder, headers, states, ())


def _replay(
    ledger: Ledger,
    folder: str,
    headers: Iterable[Event],
    states: Mapping[str, InferenceState],
    begins: tuple[RunRecord, ...],
) -> None:
    records = (*(read_record(header, folder) for header in headers), *begins)
    journal = [charge for state in states.values() for charge in state.charges]
    if records:
        ledger.do(replay_journal(records, journal, datetime.now(UTC)))
