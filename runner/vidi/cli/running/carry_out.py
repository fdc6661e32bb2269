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
from vidi.runs.execution.run import RunConfig, carry_out_plan
from vidi.runs.records.folder import MANIFEST
from vidi.runs.records.junit import write_junit
from vidi.runs.records.report import write_report
from vidi.runs.records.stamp import stamp_folder

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import httpx

    from vidi.cli.display.console import Console
    from vidi.cli.options import RunOptions
    from vidi.cli.running.accounts import Money
    from vidi.cli.running.job_run import JobRun
    from vidi.inference.settings import Settings
    from vidi.runs.execution.starting import StartLimits


def ask_to_spend(job_runs: Sequence[JobRun], options: RunOptions, console: Console) -> bool:
    """Ask before spending without a cap, where somebody is there to be asked."""
    plans = [job_run.plan for job_run in job_runs if job_run.plan is not None]
    uncapped = [plan for plan in plans if plan.budget is None and plan.high]
    if options.sandbox or options.yes or options.no_input or not uncapped:
        return True
    if not console.interactive or options.json_wanted:
        return True
    high = sum(plan.high or 0 for plan in uncapped)
    import click

    return click.confirm(f"No budget is set. Spend up to {format_usd(high)}?", err=True)


def carry_out_job(
    job_run: JobRun,
    options: RunOptions,
    settings: Settings,
    money: Money | None,
    console: Console,
    starts: StartLimits,
) -> None:
    """Carry out the plan of one job file and write what belongs beside the assets.

    Args:
        job_run: The job file, planned.
        options: What the command line says.
        settings: Keys and addresses.
        money: Where it is accounted for.
        console: Where it is told.
        starts: Shared by all job files of the command.

    Raises:
        VidiError: The run could not be carried out or recorded.
    """
    if job_run.up_to_date is not None:
        job_run.result, job_run.manifest = (
            read_manifest(job_run.up_to_date),
            job_run.up_to_date / MANIFEST,
        )
        print_summary(job_run.result, job_run.up_to_date, options, console)
        return
    plan, journal = job_run.plan, job_run.journal
    if plan is None or journal is None:
        return
    with (
        journal,
        open_accounts(job_run, money, settings, console) as accounts,
        open_progress(plan, options, console) as listener,
    ):
        config = RunConfig(
            settings=settings,
            limits=Limits(
                concurrency=options.concurrency or plan.job.concurrency,
                starts=starts,
            ),
            listener=listener,
            sandbox=options.sandbox,
            wire=_open_sandbox(options) if options.sandbox else None,
            overwrite=options.overwrite,
            account=accounts.account,
            throttle=accounts.throttle,
        )
        result = asyncio.run(carry_out_plan(plan, journal, job_run.run_id, config))
    job_run.exit_code = result.exit_code
    job_run.manifest = plan.folder / MANIFEST
    if result.halted is not None:
        job_run.errors = (*job_run.errors, result.halted)
        job_run.reported = len(job_run.errors)
    job_run.result = result.manifest
    print_summary(result.manifest, plan.folder, options, console, result.halted)
    if options.report:
        write_report(result.manifest, plan.folder)
    if asked := describe_asked(options, money):
        stamp_folder(plan, journal.states, asked, list_others(options), job_run.began_ns)


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


def write_junit_report(job_runs: Sequence[JobRun], path: Path) -> None:
    """Write the JUnit report of every job file that was run.

    Raises:
        StorageError: The file cannot be written.
    """
    write_junit(path, *(job_run.result for job_run in job_runs if job_run.result is not None))
