"""Where a cost tracker keeps what was spent: in the ledger, in memory, or nowhere.

A database is loaded when the ledger is first opened, and not before.
"""

from __future__ import annotations

import logging
import os
import threading
import weakref
from collections import defaultdict
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from vidi.inference.tracking.bills import PastBills
from vidi.inference.tracking.caps import name_periods
from vidi.inference.tracking.journal.charges import Charge, ChargeKey
from vidi.inference.tracking.ledger.address import read_outage
from vidi.inference.tracking.receipts import Receipts, UnsharedReceipts

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from vidi.inference.tracking.bills import Bill
    from vidi.inference.tracking.caps import Cap, Grouping
    from vidi.inference.tracking.journal.event_types import Event
    from vidi.inference.tracking.journal.events import InferenceState
    from vidi.inference.tracking.ledger.connection import Ledger

_log = logging.getLogger("vidi.inference.costs")

LIBRARY = "vidi.inference"
"""What the journal and the ledger call the job of a program, which has no job file."""


@dataclass(frozen=True, slots=True)
class RunFacts:
    """Whose purchases are booked."""

    run: str
    job: str
    folder: str
    """Absolute; names the journal that the run writes to."""
    started_at: datetime
    caps: tuple[Cap, ...] = ()
    """What it stays under, together with everybody else; held against a ledger only."""


class StoreAccount(Receipts, Protocol):
    """The account of one run in a store: granted before anything is sent, settled as things end."""

    async def reserve(
        self, inference: str, attempt: int, model: str, amount: Decimal
    ) -> Iterable[str]:
        """Set an amount aside, or raise; returns what is to be told."""

    def settle(self, inference: str, actual: Decimal, bill: Bill | None = None) -> None:
        """Book what a reservation came to, and what is to be learnt from it; never raises."""

    async def set_aside(self, inference: str, amount: Decimal) -> None:
        """Set more aside for what is under way, whatever the caps say."""

    def catch_up(self) -> None:
        """Book what could not be booked before; never raises."""


class CostStore(Protocol):
    """Where costs are kept."""

    def open_account(
        self,
        facts: RunFacts,
        headers: Iterable[Event],
        states: Mapping[str, InferenceState],
    ) -> StoreAccount | None:
        """Begin a run, after bringing the store up to its journal; None where nothing is kept."""

    def add(self, charge: Charge) -> None:
        """Book a charge that has been paid; one that is known by its key changes nothing."""

    def sums(self, grouping: Grouping) -> dict[str, Decimal]:
        """What was spent in USD, by the name of each group."""

    def past_bills(self) -> PastBills:
        """What was billed before, beside what price rules said."""

    def close(self) -> None:
        """Let go of everything that is open."""


class NoCosts:
    """Keeps nothing: `VIDI_COSTS=off`."""

    def open_account(
        self,
        facts: RunFacts,
        headers: Iterable[Event],
        states: Mapping[str, InferenceState],
    ) -> None:
        """Grant everything: there is no account."""
        del facts, headers, states

    def add(self, charge: Charge) -> None:
        """Forget a charge."""
        del charge

    def sums(self, grouping: Grouping) -> dict[str, Decimal]:
        """Nothing is known of any group."""
        del grouping
        return {}

    def past_bills(self) -> PastBills:
        """Nothing was billed before."""
        return PastBills()

    def close(self) -> None:
        """Nothing is open."""


class MemoryCosts:
    """Keeps costs as long as the process lasts."""

    def __init__(self) -> None:
        self._charges: dict[ChargeKey, Charge] = {}

    def open_account(
        self,
        facts: RunFacts,
        headers: Iterable[Event],
        states: Mapping[str, InferenceState],
    ) -> StoreAccount:
        """The account of a run; what the journal had open before is settled here too."""
        del headers
        carried = [each.charges[-1] for each in states.values() if each.charges]
        account = _MemoryAccount(self._charges, facts.run)
        account.take_over(charge for charge in carried if charge.open)
        return account

    def add(self, charge: Charge) -> None:
        """Book a charge, once."""
        self._charges.setdefault(charge.key, charge)

    def sums(self, grouping: Grouping) -> dict[str, Decimal]:
        """What was spent, by the name of each group."""
        spent: defaultdict[str, Decimal] = defaultdict(Decimal)
        for charge in list(self._charges.values()):
            if charge.actual is not None:
                spent[_name_group(charge, grouping)] += charge.actual
        return dict(spent)

    def past_bills(self) -> PastBills:
        """Nothing is known of other processes."""
        return PastBills()

    def close(self) -> None:
        """Nothing is open."""


class _MemoryAccount(UnsharedReceipts):
    """The account of one run in memory."""

    def __init__(self, charges: dict[ChargeKey, Charge], run: str) -> None:
        self._charges = charges
        self._run = run
        self._open: dict[str, ChargeKey] = {}

    def take_over(self, charges: Iterable[Charge]) -> None:
        for charge in charges:
            self._charges.setdefault(charge.key, charge)
            self._open[charge.key.inference] = charge.key

    async def reserve(
        self, inference: str, attempt: int, model: str, amount: Decimal
    ) -> tuple[str, ...]:
        key = ChargeKey(self._run, inference, attempt)
        self._charges[key] = Charge(key, model, amount, datetime.now(UTC))
        self._open[inference] = key
        return ()

    async def set_aside(self, inference: str, amount: Decimal) -> None:
        if (key := self._open.get(inference)) is not None:
            self._charges[key] = replace(self._charges[key], reserved=amount)

    def settle(self, inference: str, actual: Decimal, bill: Bill | None = None) -> None:
        del bill  # what is learnt from it is the run's own
        key = self._open.pop(inference, None)
        if key is not None:
            charge = self._charges[key]
            self._charges[key] = replace(charge, actual=actual, settled_at=datetime.now(UTC))

    def catch_up(self) -> None:
        """Everything is booked at once."""


class LedgerCosts:
    """Keeps costs in the ledger, together with those of every run.

    Args:
        address: A path or a postgresql:// URL.
    """

    def __init__(self, address: str) -> None:
        self._address = address
        self._lock = threading.Lock()
        self._opened: list[Ledger] = []
        self._runs: set[str] = set()
        weakref.finalize(self, _close_all, self._opened)

    def open_account(
        self,
        facts: RunFacts,
        headers: Iterable[Event],
        states: Mapping[str, InferenceState],
    ) -> StoreAccount:
        """The account of a run, once the ledger has all that its journal has.

        Raises:
            StorageError: The ledger cannot be written.
        """
        from vidi.inference.tracking.ledger.claims import OwnFolder
        from vidi.inference.tracking.ledger.replay import RunRecord
        from vidi.inference.tracking.ledger.run_account import RunAccount, replay_folder

        record = RunRecord(facts.run, facts.job, facts.folder, facts.started_at)
        ledger = self._ledger()
        headers = list(headers)
        replay_folder(ledger, record, headers, states)
        self._runs.add(facts.run)
        known = frozenset(header["run"] for header in headers)
        own = OwnFolder(facts.folder, known | {facts.run})
        return RunAccount(ledger, facts.run, facts.caps, states, own=own)

    def add(self, charge: Charge) -> None:
        """Book a charge, once.

        Raises:
            StorageError: The ledger cannot be written.
        """
        if charge.key.run in self._runs:
            return  # its account is open here, and they have it
        from vidi.inference.tracking.ledger.replay import RunRecord, replay_journal

        at = charge.settled_at or charge.reserved_at
        record = RunRecord(charge.key.run, LIBRARY, "", at)  # where the run is known, that stays
        self._ledger().do(replay_journal([record], [charge], at))

    def sums(self, grouping: Grouping) -> dict[str, Decimal]:
        """What was spent, by the name of each group; nothing where no ledger is yet.

        Raises:
            StorageError: The ledger cannot be read.
        """
        if "://" not in self._address and not Path(self._address).expanduser().exists():
            return {}
        from vidi.inference.tracking.ledger.reading import Span, read_costs

        asked = read_costs(grouping, Span())
        return {row.name: row.actual for row in self._ledger().do(asked)}

    def past_bills(self) -> PastBills:
        """What was billed before, as far as the ledger can be read."""
        from vidi.inference.tracking.ledger.bills import read_past_bills

        return read_past_bills(self._address)

    def close(self) -> None:
        """Let go of every connection; the next use opens them again."""
        with self._lock:
            _close_all(self._opened)

    def _ledger(self) -> Ledger:
        from vidi.inference.tracking.ledger.connection import open_ledger

        with self._lock:
            if not self._opened:
                ledger = open_ledger(self._address)
                ledger.outlast(read_outage(os.environ), _log.warning)
                self._opened.append(ledger)
            return self._opened[0]


def _close_all(opened: list[Ledger]) -> None:
    while opened:
        opened.pop().close()


def _name_group(charge: Charge, grouping: Grouping) -> str:
    if grouping == "model":
        return charge.model
    if grouping == "provider":
        return charge.provider
    return name_periods(charge.key.run, charge.reserved_at)[grouping]
