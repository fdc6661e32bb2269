"""One run of a plan, from the first event to the manifest."""

from __future__ import annotations

import asyncio
import sys
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Protocol, cast

from vidi.errors import CredentialsError, StorageError, VidiError
from vidi.inference.lifecycle.base_prices import BasePrices
from vidi.inference.lifecycle.calls import remember_calls
from vidi.inference.lifecycle.pace import Throttle
from vidi.inference.lifecycle.runtime import SEND_WITHIN_S, RetryLimits, Runtime
from vidi.inference.outputs.fetching.download import Fetcher
from vidi.inference.outputs.limits import Limits as DownloadLimits
from vidi.inference.providers import open_provider
from vidi.inference.tracking.bills import PastBills
from vidi.inference.tracking.books import FolderBooks
from vidi.inference.tracking.budget import Budget, SharedCap
from vidi.inference.tracking.cost_stores import StoreAccount
from vidi.inference.tracking.journal.events import JOURNAL_SCHEMA
from vidi.inference.tracking.receipts import UnsharedReceipts
from vidi.inference.tracking.redaction import redact_texts
from vidi.known_secrets import remember_secrets
from vidi.runs.execution.execute import Execution
from vidi.runs.execution.manifest_keeping import keep_manifest
from vidi.runs.execution.stopping import DRAIN, Stop, listening_to_signals
from vidi.runs.planning.secrets import list_secrets, show_variables
from vidi.runs.records.atomic import replace_text
from vidi.runs.records.folder import MANIFEST
from vidi.runs.records.json_text import render_row_by_row
from vidi.runs.records.manifest.idle import holds_already
from vidi.runs.records.manifest.render import RunFacts, render_manifest
from vidi.runs.records.manifest.rows import Rows
from vidi.version import __version__

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    import httpx

    from vidi.inference.lifecycle.carry_out import Outcome
    from vidi.inference.lifecycle.runtime import Listener
    from vidi.inference.models.template import Billing
    from vidi.inference.providers.provider import Provider
    from vidi.inference.settings import Settings
    from vidi.inference.store.store import PurchaseStore
    from vidi.inference.tracking.books import Books
    from vidi.inference.tracking.journal.events import InferenceState
    from vidi.inference.tracking.journal.journal import Journal
    from vidi.runs.execution.execute import Limits
    from vidi.runs.planning.plan import Plan
    from vidi.runs.records.manifest.shape import InferenceShape, Manifest


def _name_bug(bug: Exception) -> VidiError:
    return VidiError(f"vidi has a bug: {type(bug).__name__}")


class Account(StoreAccount, Protocol):
    """The account of a run whose ids may have changed since the one before."""

    def follow(self, states: Mapping[str, InferenceState]) -> None:
        """Learn which open purchase each id has, after ids were renamed."""


@dataclass(frozen=True, slots=True)
class RunConfig:
    """What a run is made with, beside its plan."""

    settings: Settings
    limits: Limits
    listener: Listener
    sandbox: bool = False
    wire: httpx.AsyncBaseTransport | None = None
    """The transport to use instead of the network."""
    overwrite: bool = False
    detach: bool = False
    """Whether what was submitted is left running, for the next run to collect."""
    store: PurchaseStore | None = None
    """What other folders bought, and are given."""
    account: Account | None = None
    """The ledger, which must grant what is spent; None in the sandbox and where it is off."""
    shared: SharedCap | None = None
    """What the run stays under together with the others of its command."""
    bills: PastBills = field(default_factory=PastBills)
    """What was billed before; the run adds to it."""
    throttle: Throttle | None = None
    """What is shared with other processes; None for a pace of one's own."""
    marks: bool = False
    """Whether files say that a model made them, where their entry does not say it."""
    downloads: DownloadLimits = field(default_factory=DownloadLimits)
    """How large files may be, and how long they may take."""
    full_checks: bool = False
    """Whether every frame of an asset is decoded."""
    send_within_s: float = SEND_WITHIN_S
    """How soon after its intent a paid request leaves, or never."""
    describe_bug: Callable[[Exception], VidiError] = _name_bug
    """Reports what no one expected; returns what is to be said of it, the same for the same bug."""


@dataclass(frozen=True, slots=True)
class RunResult:
    """How a run ended. `manifest` is what it has to say."""

    exit_code: int
    manifest: Manifest
    changed: bool
    """Whether manifest.json holds that too; a run that changed nothing leaves the file as it is."""
    halted: VidiError | None = None
    """Why something was not begun: the disk gave up, or a provider has refused the key."""
    crashes: tuple[VidiError, ...] = ()
    """What no one expected, each kind once: the failures of the inferences that they struck."""


async def carry_out_plan(plan: Plan, journal: Journal, run_id: str, config: RunConfig) -> RunResult:
    """Run everything that the plan says, and leave a manifest whatever happens.

    Raises:
        StorageError: The folder cannot be written.
    """
    facts = RunFacts(
        run_id, datetime.now(UTC), config.sandbox, variables=show_variables(plan.job.vars)
    )
    secrets = list_secrets(plan)
    remember_secrets(secrets)
    journal.keep_out(secrets)
    await _note_start(plan, journal, facts)
    await _give_back(plan, journal, config)
    stop = Stop()
    providers: dict[str, Provider] = {}
    budget = Budget(
        plan.budget,
        config.account,
        tell=lambda message: config.listener("", "alert", message=message),
        shared=config.shared,
    )
    books = FolderBooks(journal, budget, config.account or UnsharedReceipts())
    runtime = make_runtime(books, config, providers, stop, plan.folder)
    if config.shared is not None:
        config.shared.join(run_id, runtime.budget)
    execution = Execution(plan, runtime, config.limits, stop, config.describe_bug)
    stop.on_press(lambda level: config.listener("", "stop", level=level, execution=execution))
    config.listener("", "balance", budget=runtime.budget)
    keeper = asyncio.create_task(
        keep_manifest(len(plan.inferences), lambda: _take_snapshot(plan, journal, execution, facts))
    )
    try:
        with listening_to_signals(stop):
            try:
                await execution.run()
            finally:
                await end_task(keeper)
                await let_go(providers, runtime)
    finally:
        # From here on a signal comes too late to change how this run has ended.
        crash = sys.exception()
        facts = _conclude(facts, execution, stop, plan)
        if crash is not None:
            told = crash if isinstance(crash, VidiError) else VidiError
            facts = replace(facts, exit_code=told.exit_code)
        await journal.append("run_finished", status=facts.status, exit_code=facts.exit_code)
        try:
            manifest, changed = _take_snapshot(plan, journal, execution, facts)()
        except StorageError as error:
            raise execution.halted or error from None  # the first that failed says what was bought
    halted, crashes = execution.halted or execution.refused, dict.fromkeys(execution.crashes)
    return RunResult(facts.exit_code or 0, manifest, changed, halted, tuple(crashes))


async def end_task(task: asyncio.Task[None]) -> None:
    """Have a task that goes on for as long as it is let end now."""
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def let_go(providers: Mapping[str, Provider], runtime: Runtime) -> None:
    """Close what a run has opened."""
    for provider in providers.values():
        await provider.aclose()
    await runtime.base_prices.aclose()
    await runtime.fetcher.aclose()


def make_runtime(
    books: Books,
    config: RunConfig,
    providers: dict[str, Provider],
    stop: Stop,
    thumbnails: Path | None,
) -> Runtime:
    """What inferences are carried out with.

    Args:
        books: What they are put on record in.
        config: That of the run.
        providers: Filled with each provider that is opened; to be let go of.
        stop: Pressed where nothing new is to begin.
        thumbnails: The folder in which small pictures are kept for the page; None for none.
    """
    journal = books.journal
    return Runtime(
        open_provider=lambda name: _open_once(providers, name, config),
        books=books,
        fetcher=Fetcher(
            config.settings,
            wire=config.wire,
            limits=config.downloads,
            full_checks=config.full_checks,
            thumbnails=thumbnails,
        ),
        bills=config.bills,
        base_prices=BasePrices(
            config.settings, config.wire, lambda found: _note_base_prices(journal, found)
        ),
        notify=config.listener,
        stopping=lambda: stop.requested,
        until_stopped=lambda: stop.wait_for(DRAIN),
        overwrite=config.overwrite,
        detach=config.detach,
        store=config.store,
        marks=config.marks,
        throttle=config.throttle or Throttle(),
        calls=remember_calls(journal.states.values()),
        retry_limits=RetryLimits(reconcile_s=config.settings.reconcile_s),
        send_within_s=config.send_within_s,
    )


def _open_once(providers: dict[str, Provider], name: str, config: RunConfig) -> Provider:
    if name not in providers:
        providers[name] = open_provider(name, config.settings, config.wire)
    return providers[name]


async def _note_start(plan: Plan, journal: Journal, facts: RunFacts) -> None:
    await journal.append(
        "run_started",
        schema=JOURNAL_SCHEMA,
        vidi_version=__version__,
        sandbox=facts.sandbox,
        job_file=plan.job.path.as_posix(),
        job_sha256=plan.job.sha256,
        vars=show_variables(plan.job.vars),
        budget_usd=plan.budget,
        estimate_usd={"low": plan.low, "high": plan.high},
        tags=plan.tags,
    )


async def _give_back(plan: Plan, journal: Journal, config: RunConfig) -> None:
    """Give ids what was bought under other ones, and back what a filter has refused before.

    All renamed ids are in one line, so that no kill comes between them.
    """
    if plan.renames:
        await journal.append("renamed", ids=dict(plan.renames))
        if config.account is not None:
            config.account.follow(journal.states)
    for planned in plan.inferences:
        if planned.stays is not None and planned.request.restores:
            await journal.append("restored", planned.id, purchase=planned.request.restores)


async def _note_base_prices(journal: Journal, found: Mapping[str, Billing]) -> None:
    """Keep by what the run's bills are worked out: fal changes its prices."""
    prices = {
        model: {"unit": each.unit, "unit_usd": each.unit_usd} for model, each in found.items()
    }
    await journal.append("base_prices", prices=prices)


def _conclude(facts: RunFacts, execution: Execution, stop: Stop, plan: Plan) -> RunFacts:
    code = combine_exit_codes(execution, stop)
    done = [outcome for outcome in execution.outcomes.values() if outcome.status == "succeeded"]
    unchanged = any(planned.action == "unchanged" for planned in plan.inferences)
    if stop.requested:
        status = "interrupted"
    elif code == 0:
        status = "succeeded"
    else:
        status = "partial" if done or unchanged else "failed"
    return replace(facts, status=status, exit_code=code, finished_at=datetime.now(UTC))


def combine_exit_codes(execution: Execution, stop: Stop) -> int:
    """The one exit code of a run in which several things may have happened."""
    statuses = {outcome.status for outcome in execution.outcomes.values()}
    if stop.requested:
        return stop.exit_code
    if execution.crashes:
        return VidiError.exit_code
    if "in_doubt" in statuses:
        return 6
    if execution.refused is not None:
        return CredentialsError.exit_code
    if "unfinished" in statuses:
        return 5
    unwanted = {"failed", "moderated", "skipped"} - execution.plan.accept
    return 1 if execution.halted or statuses & unwanted else 0


def _take_snapshot(
    plan: Plan, journal: Journal, execution: Execution, facts: RunFacts
) -> Callable[[], tuple[Manifest, bool]]:
    """Note how the run stands; states and outcomes are values, which nothing changes any more."""
    states, outcomes = dict(journal.states), dict(execution.outcomes)
    return partial(_write_manifest, plan, states, outcomes, facts, journal.secrets)


def _write_manifest(
    plan: Plan,
    states: Mapping[str, InferenceState],
    outcomes: Mapping[str, Outcome],
    facts: RunFacts,
    secrets: tuple[str, ...],
) -> tuple[Manifest, bool]:
    """Say how the run stands, and write that unless nothing is changed; whether it was."""
    manifest, path = render_manifest(plan, states, outcomes, facts), plan.folder / MANIFEST
    if not plan.to_run and holds_already(path, manifest, secrets):
        return _redact(manifest, manifest["inferences"], secrets), False  # rows: as in the file
    rows = manifest["inferences"]
    clean = Rows(
        len(rows), lambda place: cast("InferenceShape", redact_texts(rows[place], secrets))
    )
    manifest = _redact(manifest, clean, secrets)
    replace_text(path, render_row_by_row(manifest, "inferences"))
    return manifest, True


def _redact(
    manifest: Manifest, rows: Sequence[InferenceShape], secrets: tuple[str, ...]
) -> Manifest:
    """A manifest without secrets, with these rows."""
    head = cast("Manifest", redact_texts({**manifest, "inferences": []}, secrets))
    return {**head, "inferences": rows}
