"""What is under way and in no worker's hands, cancelled: workers do so with what they have."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vidi.errors import VidiError
from vidi.inference.providers.provider import Accepted
from vidi.inference.tracking.fleet.rows import list_unheld
from vidi.inference.tracking.opening import SharedJournal, open_journal
from vidi.runs.execution.reconciliation import ReconcileConfig, open_runtime

if TYPE_CHECKING:
    from vidi.inference.lifecycle.runtime import Runtime
    from vidi.inference.models.registry import ModelRegistry
    from vidi.inference.settings import Settings
    from vidi.inference.tracking.fleet.destinations import Destination
    from vidi.inference.tracking.fleet.journal import WholeJournal
    from vidi.inference.tracking.journal.events import InferenceState
    from vidi.inference.tracking.ledger.connection import Ledger


async def cancel_unheld(
    destination: Destination, ledger: Ledger, registry: ModelRegistry, settings: Settings
) -> int:
    """Ask the providers to cancel what no worker has in its hands; gives how many agreed.

    Raises:
        StorageError: The database cannot be used.
    """
    places = await ledger.ask(list_unheld(destination.journal))
    shared = SharedJournal(ledger, destination.journal)
    journal = open_journal(shared, run=destination.run, writer="stop")
    await journal.load_only(places)
    agreed = 0
    async with open_runtime(ReconcileConfig(journal, registry, settings)) as runtime:
        for state in list(journal.states.values()):
            if state.attached:
                agreed += await _cancel(state, journal, runtime)
    return agreed


async def _cancel(state: InferenceState, journal: WholeJournal, runtime: Runtime) -> bool:
    try:
        provider = runtime.open_provider(state.model.partition("/")[0])
        agreed = await provider.cancel(Accepted(state.request_id or "", state.urls))
        await journal.append("cancel", state.id, agreed=agreed)
    except VidiError:  # no key here, or nobody answers: it ends by itself, and is fetched then
        return False
    return agreed
