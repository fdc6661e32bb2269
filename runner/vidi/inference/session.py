"""What a program buys with, from its first inference to `close`: one journal, one account.

Everything here happens on one event loop; the engine is what brings it there.
"""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from secrets import token_hex
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING
from weakref import WeakValueDictionary

from vidi.errors import (
    BegunElsewhereError,
    FolderLockedError,
    InDoubtError,
    RefusedError,
    StorageError,
    UnfinishedError,
    UsageError,
)
from vidi.inference.lifecycle.base_prices import BasePrices
from vidi.inference.lifecycle.calls import remember_calls
from vidi.inference.lifecycle.carry_out import carry_out
from vidi.inference.lifecycle.runtime import RetryLimits, Runtime
from vidi.inference.outputs.fetching.download import Fetcher
from vidi.inference.outputs.keeping.folder import FolderStore
from vidi.inference.providers import describe_keyless, open_provider
from vidi.inference.tracking.books import FolderBooks
from vidi.inference.tracking.budget import Budget
from vidi.inference.tracking.cost_stores import LIBRARY, RunFacts
from vidi.inference.tracking.journal.events import JOURNAL_SCHEMA
from vidi.inference.tracking.journal.memory import MemoryJournal
from vidi.inference.tracking.opening import open_journal
from vidi.inference.tracking.receipts import UnsharedReceipts
from vidi.version import __version__

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from filelock import FileLock

    from vidi.errors import VidiError
    from vidi.inference.config import SessionConfig
    from vidi.inference.providers.provider import Provider
    from vidi.inference.request import InferenceRequest
    from vidi.inference.store.store import PurchaseStore
    from vidi.inference.tracking.cost_stores import StoreAccount
    from vidi.inference.tracking.journal.event_types import Event
    from vidi.inference.tracking.journal.events import InferenceState
    from vidi.inference.tracking.journal.journal import Journal

_log = logging.getLogger("vidi.inference")
_FREE_AGAIN = frozenset({"new", "refused", "failed", "moderated"})
"""After these, a key may be used for other params: nothing of the first is kept or still open."""


@dataclass(frozen=True, slots=True)
class InferenceEvent:
    """Something that happened on the way to a result."""

    name: str
    """`uploading`, `intent`, `submitted`, `running`, `in_doubt`, `adopted` and so on."""
    inference: str
    """The idempotency key of the inference, made up where none was given."""
    detail: Mapping[str, object]
    """What else there is to say, such as `request_id` or `queue_position`."""


@dataclass(frozen=True, slots=True)
class Bought:
    """An inference that has ended well."""

    state: InferenceState
    run: str
    replayed: bool
    """Whether it had been bought before, so that this call has cost nothing."""


class Session:
    """Buys inferences, many at once, until it is closed."""

    def __init__(self, config: SessionConfig) -> None:
        self._config = config
        self._run = token_hex(8)
        self._listeners: dict[str, Callable[[InferenceEvent], None]] = {}
        self._turns: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        self._providers: dict[str, Provider] = {}
        self._stopping = False
        self._opening = asyncio.Lock()
        self._runtime: Runtime | None = None
        self._journal: Journal | None = None
        self._account: StoreAccount | None = None
        self._lock: FileLock | None = None
        self._folder: TemporaryDirectory[str] | None = None

    async def buy(
        self,
        request: InferenceRequest,
        *,
        named: bool,
        store: PurchaseStore | None = None,
        on_event: Callable[[InferenceEvent], None] | None = None,
    ) -> Bought:
        """Buy one inference, or give back what was bought under its id before.

        Args:
            request: What to buy; its id is the key.
            named: Whether somebody chose the key, and may ask for it again.
            store: Where its assets are put; None leaves them at the provider.
            on_event: Called on the loop with each event; what it raises is logged.

        Raises:
            UsageError: The key was used for something else.
            VidiError: As `carry_out`, and what it reports as an outcome.
        """
        runtime = await self._open()
        turn = self._turns.setdefault(request.id, asyncio.Lock())
        async with turn:
            if on_event is not None:
                self._listeners[request.id] = on_event
            try:
                return await self._carry_out(request, replace(runtime, store=store))
            finally:
                self._listeners.pop(request.id, None)
                self._forget(request.id, named=named)

    async def _carry_out(self, request: InferenceRequest, runtime: Runtime) -> Bought:
        before = runtime.journal.states.get(request.id)
        request = request.known_as(before.fingerprint) if before is not None else request
        _refuse_other_use(request, before)
        runtime.base_prices.expect([request.model])
        if not runtime.bills.knows(request.model.id):
            await asyncio.to_thread(runtime.bills.prepare, request.model)
        assets = None if runtime.store is None else self._open_folder()
        outcome = await carry_out(request, assets, runtime)
        if outcome.error is not None:
            raise _speak_to_programs(outcome.error, request.id)
        state = runtime.journal.states[request.id]
        replayed = before is not None and before.status == "succeeded"
        return Bought(state, self._run, replayed)

    def _open_folder(self) -> FolderStore:
        """Where assets are on their way to the store."""
        if self._folder is None:
            self._folder = TemporaryDirectory(prefix="vidi-")
        return FolderStore(Path(self._folder.name))

    def _forget(self, key: str, *, named: bool) -> None:
        """A journal in memory keeps what may be asked for again, and what may still be billed."""
        journal = self._journal
        if isinstance(journal, MemoryJournal) and not named:
            state = journal.states.get(key)
            if state is None or not state.unsettled:
                journal.forget(key)

    def _tell(self, inference: str, event: str, **detail: object) -> None:
        listener = self._listeners.get(inference)
        if listener is not None:
            # Not called from here: what a listener raises must not come between buying and noting.
            loop = asyncio.get_running_loop()
            loop.call_soon(listener, InferenceEvent(event, inference, detail))

    def open_provider(self, name: str) -> Provider:
        """The provider of that name, the same one each time.

        Raises:
            UsageError: There is no such provider.
        """
        if self._config.provider is not None:
            return self._config.provider
        if name not in self._providers:
            self._providers[name] = open_provider(name, self._config.settings, self._config.wire)
        return self._providers[name]

    def require_key(self, name: str) -> None:
        """Make sure that the provider of that name may be asked.

        Raises:
            UsageError: There is no such provider.
            CredentialsError: It has no key.
        """
        if not self.open_provider(name).is_available():
            raise describe_keyless(name)

    async def _open(self) -> Runtime:
        async with self._opening:
            if self._runtime is None:
                self._runtime = await self._make_runtime()
        return self._runtime

    async def _make_runtime(self) -> Runtime:
        config = self._config
        self._journal = journal = await self._begin_journal()
        where = str((config.journal or config.project).resolve())
        facts = RunFacts(self._run, LIBRARY, where, datetime.now(UTC), config.caps)
        self._account = await asyncio.to_thread(
            config.costs.open_account, facts, journal.headers, journal.states
        )
        return Runtime(
            open_provider=self.open_provider,
            books=FolderBooks(
                journal,
                Budget(config.budget, self._account, _log.warning),
                self._account or UnsharedReceipts(),
            ),
            fetcher=Fetcher(config.settings, config.wire),
            base_prices=BasePrices(config.settings, config.wire),
            bills=config.costs.past_bills(),
            notify=self._tell,
            stopping=lambda: self._stopping,
            calls=remember_calls(journal.states.values()),
            retry_limits=RetryLimits(reconcile_s=config.settings.reconcile_s),
        )

    async def _begin_journal(self) -> Journal:
        config = self._config
        if config.journal is None:
            return MemoryJournal(run=self._run)
        self._lock = _hold(config.journal)
        secrets = () if config.sandbox else tuple(config.settings.keys.values())
        journal = open_journal(config.journal, run=self._run, secrets=secrets)
        _refuse_other_kind(config.journal, journal.header, sandbox=config.sandbox)
        await journal.append(
            "run_started",
            schema=JOURNAL_SCHEMA,
            vidi_version=__version__,
            sandbox=config.sandbox,
            job_file=LIBRARY,
        )
        return journal

    async def aclose(self) -> None:
        """Close every connection and file. Nothing may run any more."""
        self._stopping = True
        for provider in self._providers.values():
            await provider.aclose()
        if self._config.provider is not None:
            await self._config.provider.aclose()
        if self._runtime is not None:
            await self._runtime.base_prices.aclose()
            await self._runtime.fetcher.aclose()
        if self._account is not None:
            try:
                await asyncio.to_thread(self._account.catch_up)
            except RuntimeError:  # the interpreter ends, and begins no thread any more
                self._account.catch_up()
        if self._journal is not None:
            self._journal.close()
        if self._lock is not None:
            self._lock.release()
        if self._folder is not None:
            self._folder.cleanup()


def _refuse_other_use(request: InferenceRequest, state: InferenceState | None) -> None:
    if state is None or state.fingerprint == request.fingerprint or state.status in _FREE_AGAIN:
        return
    raise UsageError(
        f"idempotency_key '{request.id}' was used for {state.model} with other params",
        hint="Give the same model and params again, or another key for another purchase.",
    )


def _refuse_other_kind(path: Path, header: Event | None, *, sandbox: bool) -> None:
    if header is not None and bool(header.get("sandbox")) != sandbox:
        made, now = ("real", "sandbox") if sandbox else ("sandbox", "real")
        raise UsageError(
            f"{path} is the journal of a {made} engine, and this is a {now} one",
            hint="Give each its own journal.",
        )


def _hold(path: Path) -> FileLock:
    from filelock import FileLock, Timeout

    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        lock = FileLock(path.with_name(f"{path.name}.lock"), timeout=0, thread_local=False)
        lock.acquire()
    except Timeout as error:
        raise FolderLockedError(
            f"another engine holds the journal {path}",
            hint="Close it, or give this one a journal of its own.",
        ) from error
    except OSError as error:
        raise StorageError(
            f"cannot use the journal {path}: {error.strerror}",
            hint="Name a file in a folder that can be written.",
        ) from error
    return lock


def _speak_to_programs(error: VidiError, key: str) -> VidiError:
    """An error of a run, with the hint that helps somebody who calls `infer`."""
    again = f"infer(..., idempotency_key={key!r}) with the same params"
    if isinstance(error, InDoubtError):
        error.hint = (
            f"Look at the provider's own list of requests. {again} asks the provider again, "
            "for nothing; another key buys it anew."
        )
    elif isinstance(error, BegunElsewhereError):
        error.hint = "Look at the provider's own list of requests. Another key buys it anew."
    elif isinstance(error, RefusedError) and "--budget" in error.hint:
        error.hint = "Give a higher `budget` to InferenceEngine, or leave it out."
    elif isinstance(error, UnfinishedError):
        error.hint = f"{again} fetches it, for nothing; a higher timeout waits longer."
    return error
