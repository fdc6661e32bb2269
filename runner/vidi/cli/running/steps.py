"""A run of job files, step by step: check all, price all, refuse or go, one file after another."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from vidi.cli.display.console import Console
from vidi.cli.display.json_answer import describe_answer
from vidi.cli.display.tables import print_estimate
from vidi.cli.running.accounts import lift_budgets, read_money, refuse_by_caps
from vidi.cli.running.job_run import JobRun, plan_jobs, read_settings
from vidi.cli.running.up_to_date import describe_asked
from vidi.errors import FolderLockedError, VidiError
from vidi.runs.execution.signals import received_signals
from vidi.runs.planning.gate import find_refusals
from vidi.runs.records.folder import JOURNAL, hold_folder
from vidi.runs.records.json_text import render_json

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vidi.cli.options import RunOptions
    from vidi.cli.running.accounts import Money
    from vidi.inference.settings import Settings

WORST_FIRST = (130, 143, 70, 7, 6, 4, 5, 3, 2, 1)
"""Which exit code a command has when its job files ended in different ways."""


def run_job_files(options: RunOptions) -> int:
    """Carry out the runner's command; returns the exit code."""
    console = Console(quiet=options.quiet, verbose=options.verbose)
    settings = read_settings(options)
    money = read_money(options, console)
    with contextlib.ExitStack() as held:
        job_runs = plan_jobs(options, settings, held, describe_asked(options, money))
        _report(job_runs, console)
        lift_budgets(job_runs, money)
        if not _blocked(job_runs):
            _refuse(job_runs, options)
            refuse_by_caps(job_runs, money)
            if options.estimate and not options.json_wanted:
                plans = [(job_run.plan, job_run.rooms) for job_run in job_runs if job_run.plan]
                print_estimate(plans, console)
            _report(job_runs, console)
        if not options.estimate and not _blocked(job_runs):
            _check_keys(job_runs, settings)
            _report(job_runs, console)
        if not options.estimate and not _blocked(job_runs):
            _go(job_runs, options, settings, money, console, held)
    if options.json_wanted:
        answer = _render_answer(job_runs, options)
        received_signals.hold()
        console.print_data(answer)
    codes = {job_run.exit_code for job_run in job_runs}
    return next((code for code in WORST_FIRST if code in codes), 0)


def _blocked(job_runs: Sequence[JobRun]) -> bool:
    return any(job_run.exit_code for job_run in job_runs)


def _report(job_runs: Sequence[JobRun], console: Console) -> None:
    """Say what has not been said yet about any of the files."""
    for job_run in job_runs:
        for error in job_run.errors[job_run.reported :]:
            console.report_error(error)
        job_run.reported = len(job_run.errors)
        if job_run.plan is not None and not job_run.warned:
            console.report_problems(job_run.plan.warnings)
            job_run.warned = True


def _refuse(job_runs: Sequence[JobRun], options: RunOptions) -> None:
    for job_run in job_runs:
        if job_run.plan is not None:
            for refusal in find_refusals(job_run.plan, frozen=options.frozen):
                job_run.fail(refusal)


def _check_keys(job_runs: Sequence[JobRun], settings: Settings) -> None:
    from vidi.runs.planning.credentials import check_credentials

    for job_run in job_runs:
        if job_run.plan is not None:
            try:
                check_credentials(job_run.plan, settings)
            except VidiError as error:
                job_run.fail(error)


def _go(
    job_runs: Sequence[JobRun],
    options: RunOptions,
    settings: Settings,
    money: Money | None,
    console: Console,
    held: contextlib.ExitStack,
) -> None:
    """Run file after file; after a signal, none is begun."""
    from vidi.cli.running.carry_out import (
        carry_out_job,
        confirm_spending,
        prepare_junit,
        write_junit_report,
    )

    if options.junit is not None:
        prepare_junit(options.junit)
    if not confirm_spending(job_runs, options, console):
        job_runs[0].exit_code = 130
        return
    received_signals.hold()  # from here on something may have been bought
    for job_run in job_runs:
        try:
            if received_signals.count:
                raise received_signals.describe(f"stopped before {job_run.path} was begun")
            if not job_run.held:
                _hold_new_folder(job_run, held)
            carry_out_job(job_run, options, settings, money, console)
        except VidiError as error:
            job_run.fail(error)
            _report(job_runs, console)
    if options.junit is not None:
        try:
            write_junit_report(job_runs, options.junit)
        except VidiError as error:
            job_runs[-1].fail(error)
            _report(job_runs, console)


def _hold_new_folder(job_run: JobRun, held: contextlib.ExitStack) -> None:
    """Hold a folder that was not there when the plan was made."""
    if job_run.plan is None:
        return
    folder = job_run.plan.folder
    held.enter_context(hold_folder(folder))
    if (folder / JOURNAL).exists():
        raise FolderLockedError(
            f"another run has used {folder} since this one was planned",
            hint="Run the same command again: it takes over what is there.",
        )


def _render_answer(job_runs: Sequence[JobRun], options: RunOptions) -> str:
    command = "estimate" if options.estimate else "run"
    answers = [
        describe_answer(
            command,
            job_run.path,
            exit_code=job_run.exit_code,
            plan=job_run.plan,
            errors=job_run.errors,
            manifest=job_run.manifest,
            ran=job_run.result,
        )
        for job_run in job_runs
    ]
    if len(answers) == 1:
        return render_json(answers[0]).rstrip("\n")
    ok = not _blocked(job_runs)
    codes = {job_run.exit_code for job_run in job_runs}
    code = next((each for each in WORST_FIRST if each in codes), 0)
    whole = {"schema_version": 1, "command": command, "ok": ok, "exit_code": code, "jobs": answers}
    return render_json(whole).rstrip("\n")
