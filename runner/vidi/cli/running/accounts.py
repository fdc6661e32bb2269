"""What the ledger has to do with a command: where it is, what its caps allow, the account of a run.

A database is loaded by the functions that open a ledger, and by nothing before them.
"""

from __future__ import annotations

import contextlib
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from vidi.cli.running.job_run import read_own_environment
from vidi.cli.untrusted_addresses import avoid_ledger
from vidi.dollars import format_usd
from vidi.errors import RefusedError, StorageError, UsageError
from vidi.inference.tracking.caps import Cap, CapRoom, CapUsage
from vidi.inference.tracking.ledger.address import locate_ledger, read_outage
from vidi.inference.tracking.limits import lower_limits
from vidi.inference.tracking.project import ProjectSettings, read_project
from vidi.runs.planning.gate import tell_bought

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from vidi.cli.display.console import Console
    from vidi.cli.run_options import RunOptions
    from vidi.cli.running.job_run import JobRun
    from vidi.inference.lifecycle.pace import Throttle
    from vidi.inference.settings import Settings
    from vidi.inference.tracking.caps import Kind
    from vidi.inference.tracking.ledger.connection import Ledger
    from vidi.inference.tracking.ledger.run_account import RunAccount
    from vidi.inference.tracking.limits import ProviderLimits
    from vidi.runs.execution.throttle import SharedThrottle

UNTRACKED = "VIDI_COSTS=off: nothing is written to the ledger, and no budget holds"


@dataclass(frozen=True, slots=True)
class Money:
    """Where a command's money is accounted for, and what limits it."""

    ledger: str | None
    """Path or URL; None where nothing is tracked."""
    project: ProjectSettings
    outage_s: float = 0.0
    """Seconds to wait for a ledger that is away, once it was there."""

    @property
    def caps(self) -> tuple[Cap, ...]:
        """The caps that hold; none without a ledger to hold them against."""
        return self.project.caps if self.ledger else ()


def read_money(options: RunOptions, console: Console) -> Money | None:
    """Read the ledger's settings, and say loudly where there is none; None for the sandbox.

    Raises:
        UsageError: A setting is wrong.
    """
    if options.sandbox:
        return None
    environ = read_own_environment(options)
    for warning in environ.warnings:
        console.say(warning, style="yellow")
    ledger = locate_ledger(environ)
    if options.estimate:
        ledger, told = avoid_ledger(ledger)
        if told:
            console.say(told, style="yellow")
    money = Money(ledger, read_project(options.project, environ), read_outage(environ))
    if money.ledger is None:
        console.say(UNTRACKED, style="red")
    return money


def lift_budgets(job_runs: Sequence[JobRun], money: Money | None) -> None:
    """Let no budget hold where nothing is tracked; it has been said loudly."""
    if money is None or money.ledger is not None:
        return
    for job_run in job_runs:
        if job_run.plan is not None:
            job_run.plan = replace(job_run.plan, budget=None)


def refuse_by_caps(job_runs: Sequence[JobRun], money: Money | None) -> None:
    """Fail every job run whose plan, after those before it, no longer fits under a cap.

    Raises:
        UnusableLedgerError: The ledger cannot be read.
    """
    if money is None or money.ledger is None or not money.caps:
        return
    with refusing_unusable():
        _catch_up(job_runs, money.ledger)
        usages = read_cap_usages_of(money.ledger)
    before = Decimal(0)
    for job_run in job_runs:
        weighed = (job_run.plan.weighed if job_run.plan is not None else None) or Decimal(0)
        for cap in money.caps:
            usage = usages.get(cap.kind, CapUsage())
            left = max(cap.usd - usage.taken - before, Decimal(0))
            room = CapRoom(cap, left, max(weighed - left, Decimal(0)))
            job_run.rooms = (*job_run.rooms, room)
            if room.over:
                refusal = _refuse_plan(room, usage, weighed, before)
                if job_run.plan is not None and not job_run.errors:
                    refusal.hint += tell_bought(job_run.plan)
                job_run.fail(refusal)
        before += weighed


def _catch_up(job_runs: Sequence[JobRun], address: str) -> None:
    """Settle or give back what a killed run left open, before it is held against the caps."""
    with open_existing(address) as ledger:
        if ledger is None:
            return
        from vidi.inference.tracking.ledger.run_account import catch_up_folder

        for job_run in job_runs:
            plan, journal = job_run.plan, job_run.journal
            if job_run.held and plan is not None and journal is not None:
                folder = str(plan.folder.resolve())
                catch_up_folder(ledger, folder, journal.headers, journal.states)


def read_cap_usages_of(address: str) -> Mapping[Kind, CapUsage]:
    """How the present day, week and month stand; nothing is made where there is no ledger."""
    with open_existing(address) as ledger:
        if ledger is None:
            return {}
        from vidi.inference.tracking.ledger.ledger import read_cap_usages

        return ledger.do(read_cap_usages(datetime.now(UTC)))


class UnusableLedgerError(UsageError):
    """The ledger cannot be used, and nothing has been bought yet: it is a setting that is wrong."""

    code = "ledger"


@contextlib.contextmanager
def refusing_unusable() -> Iterator[None]:
    """Let a ledger that cannot be used count as a wrong setting: nothing is bought in the block."""
    try:
        yield
    except StorageError as error:
        raise UnusableLedgerError(error.message, hint=error.hint) from error


@contextlib.contextmanager
def open_existing(address: str) -> Iterator[Ledger | None]:
    """Open a ledger to read from it; None where no file is there yet.

    Raises:
        UnusableLedgerError: It cannot be opened.
    """
    if "://" not in address and not Path(address).expanduser().exists():
        yield None
        return
    from vidi.inference.tracking.ledger.connection import open_ledger

    with refusing_unusable():
        opened = open_ledger(address)
    with contextlib.closing(opened) as ledger:
        yield ledger


class Accounts(NamedTuple):
    """What a run has of the ledger; nothing where there is none."""

    account: RunAccount | None = None
    throttle: Throttle | None = None


@contextlib.contextmanager
def open_accounts(
    job_run: JobRun, money: Money | None, settings: Settings, console: Console
) -> Iterator[Accounts]:
    """Bring the ledger up to the folder's journal, and keep the account of the run that begins.

    Raises:
        UnusableLedgerError: The ledger cannot be used: nothing has been bought.
    """
    plan, journal = job_run.plan, job_run.journal
    if plan is None or journal is None:
        yield Accounts()
        return
    from vidi.inference.lifecycle.pace import Throttle

    limits = lower_limits(plan.job.limits, money.project.limits if money else {})
    if money is None or money.ledger is None:
        yield Accounts(throttle=Throttle(limits.creates, limits.places))
        return
    from vidi.inference.tracking.ledger.claims import OwnFolder
    from vidi.inference.tracking.ledger.connection import open_ledger
    from vidi.inference.tracking.ledger.replay import RunRecord
    from vidi.inference.tracking.ledger.run_account import RunAccount, replay_folder

    folder, job = str(plan.folder.resolve()), plan.job.path.as_posix()
    record = RunRecord(job_run.run_id, job, folder, datetime.now(UTC), plan.tags)
    caps = money.caps if plan.budget is None else (Cap("run", plan.budget, "budget"), *money.caps)
    with refusing_unusable():
        opened = open_ledger(money.ledger)
    with contextlib.closing(opened) as ledger:
        with refusing_unusable():
            replay_folder(ledger, record, journal.headers, journal.states)
        ledger.outlast(money.outage_s, lambda told: console.say(told, style="yellow"))
        known = frozenset(header["run"] for header in journal.headers)
        again = frozenset(each.id for each in plan.inferences if each.request.again)
        own = OwnFolder(folder, known | {job_run.run_id}, again)
        account = RunAccount(ledger, job_run.run_id, caps, journal.states, own=own)
        try:
            throttle = _share_pace(ledger, job_run.run_id, limits, settings)
            yield Accounts(account, throttle)
        finally:
            account.catch_up()
            if account.behind:
                console.say(
                    f"the ledger {ledger.where} did not take {account.behind} of the costs; "
                    "the next run of this folder enters them from its journal",
                    style="yellow",
                )


def _share_pace(
    ledger: Ledger, run: str, limits: ProviderLimits, settings: Settings
) -> SharedThrottle:
    from vidi.runs.execution.throttle import SharedThrottle

    return SharedThrottle(ledger, run, settings.keys, limits.creates, limits.places)


def _refuse_plan(room: CapRoom, usage: CapUsage, high: Decimal, before: Decimal) -> RefusedError:
    cap = room.cap
    others = f", {format_usd(before)} for the files before this one" if before else ""
    return RefusedError(
        f"this costs up to {format_usd(high)}, and {format_usd(room.left)} is left of "
        f"{cap.title}: {usage.told}{others}",
        hint=f"Raise {cap.setting}, wait for the next {cap.kind} (UTC), or leave some out with "
        "--exclude.",
    )
