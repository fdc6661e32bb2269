"""Every inference of a folder that is in doubt: asked for again, or settled by the user's word."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC
from typing import TYPE_CHECKING, Literal

from vidi.errors import InDoubtError, PollError, UsageError
from vidi.inference.lifecycle.base_prices import BasePrices
from vidi.inference.lifecycle.reconcile import adopt, reconcile, search_window
from vidi.inference.lifecycle.runtime import RetryLimits, Runtime
from vidi.inference.outputs.fetching.download import Fetcher
from vidi.inference.providers import open_provider
from vidi.inference.tracking.books import FolderBooks
from vidi.inference.tracking.budget import Budget
from vidi.inference.tracking.receipts import UnsharedReceipts

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Mapping
    from datetime import datetime

    import httpx

    from vidi.inference.models.registry import ModelRegistry
    from vidi.inference.providers.provider import Accepted, Provider
    from vidi.inference.settings import Settings
    from vidi.inference.tracking.books import Books
    from vidi.inference.tracking.journal.events import InferenceState
    from vidi.inference.tracking.journal.journal import Journal
    from vidi.inference.tracking.receipts import Receipts

CLOCK = "%Y-%m-%d %H:%M:%S UTC"
AT_ONCE = 8
"""Inferences that are asked for at the same time."""
NOT_PAID = {"code": "not-paid", "message": "not bought, by the user's word", "hint": ""}


@dataclass(frozen=True, slots=True)
class Finding:
    """What became of one inference that was in doubt."""

    id: str
    model: str
    verdict: Literal["adopted", "not_paid", "in_doubt"]
    request_id: str | None = None
    message: str = ""
    hint: str = ""


@dataclass(frozen=True, slots=True)
class ReconcileConfig:
    """What is needed to ask the providers about the inferences of a journal."""

    journal: Journal
    registry: ModelRegistry
    settings: Settings
    wire: httpx.AsyncBaseTransport | None = None
    """The transport to use instead of the network."""
    receipts: Receipts = field(default_factory=UnsharedReceipts)
    """What other folders have bought."""
    books: Books | None = None
    """What is put on record in; None: the journal alone."""
    deny: Callable[[str], Awaitable[None]] | None = None
    """Puts on record that one was not bought; None: the journal does."""


def list_doubts(states: Mapping[str, InferenceState]) -> tuple[InferenceState, ...]:
    """The inferences that are in doubt, in the order in which they were first bought."""
    return tuple(state for state in states.values() if state.doubtful)


def check_word(
    states: Mapping[str, InferenceState], paid: Mapping[str, str], not_paid: Collection[str]
) -> None:
    """Make sure that what the user says is about inferences that are in doubt.

    Raises:
        UsageError: An id is unknown, is not in doubt or is named twice, or a request is another's.
    """
    doubts = [state.id for state in list_doubts(states)]
    lost = {state.id for state in states.values() if state.lost}
    there = f"In doubt: {', '.join(doubts)}." if doubts else "Nothing in this folder is in doubt."
    for key in (*paid, *not_paid):
        if key not in doubts and not (key in lost and key in not_paid):
            known = "is not in doubt" if key in states else "is not in this folder's journal"
            raise UsageError(f"{key} {known}", hint=there)
        if key in paid and key in not_paid:
            raise UsageError(f"{key} is said to be paid and not paid", hint="Say one of them.")
    _check_receipts(states, paid)


def _check_receipts(states: Mapping[str, InferenceState], paid: Mapping[str, str]) -> None:
    """Refuse a request that is another inference's, or that was this one's before."""
    takers = {request: state.id for state in states.values() for request in state.receipts}
    for key, request in paid.items():
        taker = takers.setdefault(request, key)
        if taker != key or request in states[key].receipts:
            raise UsageError(
                f"{request} cannot be {key}'s: it is {taker}'s already",
                hint="Look the right request up on the provider's page.",
            )


async def ask_providers(config: ReconcileConfig) -> tuple[Finding, ...]:
    """Ask the providers again for everything that is in doubt, and adopt what is found."""
    doubts = list_doubts(config.journal.states)
    turns = asyncio.Semaphore(AT_ONCE)
    async with open_runtime(config) as runtime:

        async def ask(state: InferenceState) -> Finding:
            async with turns:
                return await _ask(state, config, runtime)

        return tuple(await asyncio.gather(*(ask(state) for state in doubts)))


async def take_word(
    config: ReconcileConfig, paid: Mapping[str, str], not_paid: Collection[str]
) -> tuple[Finding, ...]:
    """Settle doubts as the user says; everything is checked before anything is written.

    Raises:
        UsageError: `check_word` refuses it, or the provider does not know a request.
        CredentialsError: A provider cannot be asked.
    """
    states = config.journal.states
    check_word(states, paid, not_paid)
    async with open_runtime(config) as runtime:
        receipts = {
            key: await _check_request(states[key], request, config, runtime)
            for key, request in paid.items()
        }
        for key, accepted in receipts.items():
            provider = states[key].model.partition("/")[0]
            await runtime.receipts.take_receipt(key, provider, accepted.request_id)
            await adopt(key, accepted, runtime)
        for key in not_paid:
            await _deny(key, config)
    adopted = [Finding(key, states[key].model, "adopted", paid[key]) for key in paid]
    return (*adopted, *(Finding(key, states[key].model, "not_paid") for key in not_paid))


async def _deny(key: str, config: ReconcileConfig) -> None:
    if config.deny is not None:
        await config.deny(key)
    else:
        await config.journal.append("refused", key, error=NOT_PAID)


async def _ask(state: InferenceState, config: ReconcileConfig, runtime: Runtime) -> Finding:
    try:
        model = config.registry.get_template(state.model)
        accepted = await reconcile(state, model, runtime)
    except (InDoubtError, UsageError) as error:
        return Finding(state.id, state.model, "in_doubt", None, error.message, error.hint)
    return Finding(state.id, state.model, "adopted", accepted.request_id)


async def _check_request(
    state: InferenceState, request_id: str, config: ReconcileConfig, runtime: Runtime
) -> Accepted:
    """See that a request is there: a mistyped id would be waited for in vain, run after run."""
    model = config.registry.get_template(state.model)
    provider = runtime.open_provider(model.provider)
    accepted = provider.adopt(model, request_id)
    _check_time(state, request_id, provider.read_request_time(request_id))
    try:
        await provider.poll(model, accepted)
    except PollError as error:
        raise UsageError(
            f"{request_id} cannot be taken for {state.id}: {error}",
            hint="Look the request up on the provider's page. Nothing was changed.",
        ) from error
    if await runtime.receipts.find_taken(state.id, model.provider, [request_id]):
        raise UsageError(
            f"{request_id} cannot be {state.id}'s: it was bought in another folder",
            hint="Look the right request up on the provider's page. Nothing was changed.",
        )
    return accepted


def _check_time(state: InferenceState, request_id: str, queued: datetime | None) -> None:
    """Refuse a request whose own id says that it was queued at another time.

    Raises:
        UsageError: It was.
    """
    first, last = search_window(state)
    if queued is not None and not first <= queued <= last:
        sent = (state.intended_at or first).astimezone(UTC)
        raise UsageError(
            f"{request_id} cannot be taken for {state.id}: it was queued at {queued:{CLOCK}}, and "
            f"{state.id} was sent at {sent:{CLOCK}}",
            hint="Look the request up on the provider's page. Nothing was changed.",
        )


@asynccontextmanager
async def open_runtime(config: ReconcileConfig) -> AsyncIterator[Runtime]:
    """What the providers are asked with; closed after."""
    providers: dict[str, Provider] = {}
    base_prices = BasePrices(config.settings, config.wire)
    async with AsyncExitStack() as closing:
        closing.push_async_callback(base_prices.aclose)

        def open_once(name: str) -> Provider:
            if name not in providers:
                providers[name] = open_provider(name, config.settings, config.wire)
                closing.push_async_callback(providers[name].aclose)
            return providers[name]

        yield Runtime(
            open_provider=open_once,
            books=config.books or FolderBooks(config.journal, Budget(None), config.receipts),
            fetcher=Fetcher(config.settings, wire=config.wire),
            notify=_hear_nothing,
            base_prices=base_prices,
            retry_limits=RetryLimits(reconcile_s=config.settings.reconcile_s),
        )


def _hear_nothing(inference: str, event: str, **detail: object) -> None:
    """The command itself says what was found."""
