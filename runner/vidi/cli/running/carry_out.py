"""The run of one job file, as the command line does it: asked for, watched, summed up."""

from __future__ import annotations

import asyncio
import os
from typing import TYPE_CHECKING

from vidi.cli.display.progress import open_progress
from vidi.cli.display.summary import print_summary, read_manifest
from vidi.cli.running.accounts import open_accounts
from vidi.cli.running.up_to_date import describe_asked, list_others
from vidi.dollars import format_usd
from vidi.errors import UsageError
from vidi.runs.execution.execute import Limits
from vidi.runs.execution.run import RunMeans, carry_out_plan
from vidi.runs.records.folder import MANIFEST
from vidi.runs.records.junit import write_junit
from vidi.runs.records.report import write_report
from vidi.runs.records.stamp import seal_folder

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import httpx

    from vidi.cli.display.console import Console
    from vidi.cli.options import RunOptions
    from vidi.cli.running.accounts import Money
    from vidi.cli.running.job_run import Ticket
    from vidi.inference.settings import Settings


def confirm_spending(tickets: Sequence[Ticket], options: RunOptions, console: Console) -> bool:
    """Ask before spending without a cap, where somebody is there to be asked."""
    plans = [ticket.plan for ticket in tickets if ticket.plan is not None]
    uncapped = [plan for plan in plans if plan.budget is None and plan.high]
    if options.sandbox or options.yes or options.no_input or not uncapped:
        return True
    if not console.interactive or options.json_wanted:
        return True
    high = sum(plan.high or 0 for plan in uncapped)
    import click

    return click.confirm(f"No budget is set. Spend up to {format_usd(high)}?", err=True)


def run_ticket(
    ticket: Ticket,
    options: RunOptions,
    settings: Settings,
    money: Money | None,
    console: Console,
) -> None:
    """Carry out the plan of one job file and write what belongs beside the assets.

    Raises:
        VidiError: The run could not be carried out or recorded.
    """
    if ticket.sealed is not None:
        ticket.result, ticket.manifest = read_manifest(ticket.sealed), ticket.sealed / MANIFEST
        print_summary(ticket.result, ticket.sealed, options, console)
        return
    plan, journal = ticket.plan, ticket.journal
    if plan is None or journal is None:
        return
    with (
        journal,
        open_accounts(ticket, money, settings, console) as accounts,
        open_progress(plan, options, console) as listener,
    ):
        means = RunMeans(
            settings=settings,
            limits=Limits(
                concurrency=options.concurrency or plan.job.concurrency,
                max_failures=1 if options.fail_fast else options.max_failures,
            ),
            listener=listener,
            sandbox=options.sandbox,
            wire=_open_sandbox(options) if options.sandbox else None,
            overwrite=options.overwrite,
            books=accounts.books,
            throttle=accounts.throttle,
        )
        result = asyncio.run(carry_out_plan(plan, journal, ticket.run_id, means))
    ticket.exit_code = result.exit_code
    ticket.manifest = plan.folder / MANIFEST
    if result.halted is not None:
        ticket.errors = (*ticket.errors, result.halted)
        ticket.reported = len(ticket.errors)
    ticket.result = result.manifest
    print_summary(result.manifest, plan.folder, options, console, result.halted)
    if options.report:
        write_report(result.manifest, plan.folder)
    if asked := describe_asked(options, money):
        seal_folder(plan, journal.states, asked, list_others(options), ticket.began_ns)


def _open_sandbox(options: RunOptions) -> httpx.AsyncBaseTransport:
    from vidi.cli.running.job_run import open_registry
    from vidi.sandbox.app import create_app
    from vidi.sandbox.serving.transport import SandboxTransport

    registry = open_registry(options.project, options.templates)
    return SandboxTransport(create_app(registry))


def prepare_junit(path: Path) -> None:
    """Make sure that the JUnit report can be written, before anything is spent.

    Raises:
        UsageError: Its folder cannot be made, or the path is a folder.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        writable = os.access(path.parent, os.W_OK) and not path.is_dir()
    except OSError:
        writable = False
    if not writable:
        raise UsageError(f"cannot write {path}", hint="Name another file with --junit.")


def write_junit_report(tickets: Sequence[Ticket], path: Path) -> None:
    """Write the JUnit report of every job file that was run.

    Raises:
        StorageError: The file cannot be written.
    """
    write_junit(path, *(ticket.result for ticket in tickets if ticket.result is not None))
