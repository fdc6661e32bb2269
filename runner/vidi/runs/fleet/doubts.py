"""The doubts of a fleet's job: asked of the providers again, or settled by somebody's word."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING

from vidi.errors import CredentialsError, PollError, UsageError
from vidi.inference.lifecycle.reconcile import search_window
from vidi.inference.lifecycle.sent_params import restore_params
from vidi.inference.providers.provider import Submission
from vidi.inference.tracking.fleet.books import ShardBooks
from vidi.inference.tracking.fleet.doubts import list_doubts_of
from vidi.inference.tracking.fleet.words import take_word as take_word_of
from vidi.inference.tracking.opening import SharedJournal, open_journal
from vidi.runs.execution.reconciliation import (
    NOT_PAID,
    Finding,
    ReconcileConfig,
    ask_providers,
    open_runtime,
    take_word,
)

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from vidi.inference.lifecycle.runtime import Runtime
    from vidi.inference.models.registry import ModelRegistry
    from vidi.inference.settings import Settings
    from vidi.inference.tracking.fleet.destinations import Destination
    from vidi.inference.tracking.fleet.journal import WholeJournal
    from vidi.inference.tracking.fleet.settings import FleetSettings
    from vidi.inference.tracking.journal.events import InferenceState
    from vidi.inference.tracking.ledger.connection import Ledger

ABSENT = {
    "code": "absent",
    "message": "not bought, by the rule that what the provider does not list was not",
    "hint": "",
}
LOOKS, PAUSE_S = 2, 2.0
"""How often the provider's list must lack it, and how long after one another it is read."""


@dataclass(frozen=True, slots=True)
class DoubtDesk:
    """Where doubts of one job are settled.

    Args:
        destination: The job.
        ledger: The database.
        registry: The models.
        settings: Keys and addresses of the providers.
        fleet: How long is waited.
        writer: Names who settles.
    """

    destination: Destination
    ledger: Ledger
    registry: ModelRegistry
    settings: Settings
    fleet: FleetSettings
    writer: str

    async def ask(self, only: Collection[str] | None = None) -> tuple[Finding, ...]:
        """Ask the providers for what is in doubt, and adopt what they have.

        Args:
            only: The ids that are asked for; None for all.

        Raises:
            StorageError: The database cannot be used.
        """
        config, _ = await self._open(only)
        return await ask_providers(config)

    async def take_word(
        self, paid: Mapping[str, str], not_paid: Collection[str]
    ) -> tuple[Finding, ...]:
        """Settle doubts as a person says.

        Raises:
            UsageError: It is about none of them, a provider does not know a request, or one was
                begun so lately that its worker may still send it.
            CredentialsError: A provider cannot be asked.
            StorageError: The database cannot be used.
        """
        config, _ = await self._open(None)
        return await take_word(config, paid, not_paid)

    async def take_absent(self, older_s: float) -> tuple[Finding, ...]:
        """Settle as not bought what is so old and what its provider does not list.

        Args:
            older_s: Seconds that its intent is old at least; never less than `settle_s`.

        Raises:
            StorageError: The database cannot be used.
        """
        doubts = await self.ledger.ask(list_doubts_of(self.destination.journal))
        least = max(older_s, self.fleet.settle_s)
        old = {each.id for each in doubts if each.age_s >= least}
        config, journal = await self._open(old)
        findings: list[Finding] = []
        async with open_runtime(config) as runtime:
            for state in list(journal.states.values()):
                if state.doubtful and await self._is_absent(state, runtime):
                    await self._deny(journal, state.id, ABSENT)
                    findings.append(Finding(state.id, state.model, "not_paid"))
        return tuple(findings)

    async def list_left(self) -> tuple[str, ...]:
        """The ids that are still in doubt."""
        doubts = await self.ledger.ask(list_doubts_of(self.destination.journal))
        return tuple(each.id for each in doubts)

    async def _open(self, only: Collection[str] | None) -> tuple[ReconcileConfig, WholeJournal]:
        doubts = await self.ledger.ask(list_doubts_of(self.destination.journal))
        wanted = [each for each in doubts if only is None or each.id in only]
        secrets = tuple(self.settings.keys.values())
        shared = SharedJournal(self.ledger, self.destination.journal)
        run = self.destination.run
        journal = open_journal(shared, run=run, secrets=secrets, writer=self.writer)
        await journal.load_only({each.id: each.shard for each in wanted})
        books = ShardBooks(self.ledger, journal.held, self.destination.run, (), journal=journal)

        async def deny(key: str) -> None:
            await self._deny(journal, key, NOT_PAID)

        config = ReconcileConfig(
            journal, self.registry, self.settings, receipts=books.receipts, books=books, deny=deny
        )
        return config, journal

    async def _deny(self, journal: WholeJournal, key: str, error: Mapping[str, str]) -> None:
        fact = journal.describe("refused", key, {"error": dict(error)})
        word = take_word_of(journal.find_shard(key), fact, self.fleet.settle_s)
        journal.follow(fact, await self.ledger.ask(word))

    async def _is_absent(self, state: InferenceState, runtime: Runtime) -> bool:
        """Whether the provider's list, read as often, has nothing like it."""
        try:
            model = self.registry.get_template(state.model)
            submission = Submission(model, restore_params(state, model, None), deadline_s=0)
            provider = runtime.open_provider(model.provider)
            for look in range(LOOKS):
                if look:
                    await asyncio.sleep(PAUSE_S)
                if await provider.find(submission, *search_window(state)):
                    return False
        except (PollError, CredentialsError, UsageError, TimeoutError):
            return False  # a list that cannot be read says nothing
        return True
