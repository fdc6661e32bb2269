"""The run of one job file, as the command line does it: asked for, watched, summed up."""

from __future__ import annotations

import asyncio
import gc
from typing import TYPE_CHECKING

from vidi.cli.crash import CrashReports
from vidi.cli.display.progress import open_progress
from vidi.cli.display.summary import print_summary
from vidi.cli.running.accounts import open_accounts
from vidi.cli.running.before import report
from vidi.cli.running.job_run import open_registry
from vidi.cli.running.ready import prepare_once_submitted
from vidi.cli.running.reports.findings import list_annotated
from vidi.cli.running.up_to_date import describe_asked, list_others
from vidi.emulation import open_emulation
from vidi.inference.outputs.limits import Limits as DownloadLimits
from vidi.runs.execution.execute import Limits
from vidi.runs.execution.run import RunConfig, RunResult, carry_out_plan
from vidi.runs.records.folder import MANIFEST, REPORT_NAME
from vidi.runs.records.manifest.idle import tell_of_idle_run
from vidi.runs.records.manifest.read import read_manifest
from vidi.runs.records.report.marks import list_marks
from vidi.runs.records.report.write import write_report
from vidi.runs.records.stamp import stamp_folder

if TYPE_CHECKING:
    from pathlib import Path

    import httpx

    from vidi.cli.run_options import RunOptions
    from vidi.cli.running.job_run import JobRun
    from vidi.cli.running.state import CommandState
    from vidi.inference.tracking.budget import SharedCap
    from vidi.inference.tracking.journal.journal import Journal
    from vidi.runs.execution.starting import StartLimits
    from vidi.runs.planning.plan import Plan
    from vidi.runs.records.manifest.shape import Manifest

COLLECTING_IN_RUNS = 5000
"""New objects in circles, at most, before they are freed: a few inferences' worth."""


def carry_out_job(
    job_run: JobRun, state: CommandState, starts: StartLimits, shared: SharedCap
) -> None:
    """Carry out the plan of one job file and write what belongs beside the assets.

    Args:
        job_run: The job file, planned.
        state: The command that it is a part of.
        starts: Shared by all job files of the command, as is the cap.
        shared: The cap of the command.

    Raises:
        VidiError: The run could not be carried out or recorded.
    """
    if job_run.up_to_date is not None:
        _tell_up_to_date(job_run, job_run.up_to_date, state)
    elif job_run.plan is not None and job_run.journal is not None:
        result = _run(job_run, job_run.plan, job_run.journal, state, starts, shared)
        _write_down(job_run, job_run.plan, job_run.journal, result, state)


def _tell_up_to_date(job_run: JobRun, folder: Path, state: CommandState) -> None:
    """A glance has shown that nothing is to be done: the manifest still says what there is."""
    job_run.manifest = folder / MANIFEST
    kept = read_manifest(job_run.manifest)
    job_run.result = tell_of_idle_run(job_run.resting or kept, kept)
    print_summary(job_run.result, folder, state.options, state.console, warnings=job_run.warnings)


def _run(
    job_run: JobRun,
    plan: Plan,
    journal: Journal,
    state: CommandState,
    starts: StartLimits,
    shared: SharedCap,
) -> RunResult:
    options = state.options
    if plan.to_run:
        plan.job.let_go()
        _collect_as_usual()
    with (
        journal,
        open_accounts(job_run, state.money, state.settings, state.console) as accounts,
        open_progress(plan, options, state.console) as listener,
    ):
        config = RunConfig(
            settings=state.settings,
            limits=Limits(
                concurrency=options.concurrency or plan.job.concurrency,
                starts=starts,
            ),
            listener=prepare_once_submitted(listener, report=options.report),
            sandbox=options.sandbox,
            wire=_open_wire(options),
            overwrite=options.overwrite,
            detach=options.detach,
            store=state.store,
            marks=state.marks,
            account=accounts.account,
            shared=shared,
            bills=state.bills,
            throttle=accounts.throttle,
            describe_bug=CrashReports().describe,
            downloads=_limit_downloads(state),
            full_checks=state.money.project.full_checks if state.money else False,
        )
        return asyncio.run(carry_out_plan(plan, journal, job_run.run_id, config))


def _limit_downloads(state: CommandState) -> DownloadLimits:
    """The usual bounds, or those of the project."""
    mib = state.money.project.max_image_mib if state.money else None
    return DownloadLimits() if mib is None else DownloadLimits(max_image_bytes=mib * 1024**2)


def _collect_as_usual() -> None:
    """From here on much comes and goes, so that what is left in circles is soon to be freed again.

    What there is by now, modules and plan, stays to the end and is not looked through any more.
    Only where the installed command has put collecting off (`vidi.cli`).
    """
    if gc.get_threshold()[0] > COLLECTING_IN_RUNS:
        gc.freeze()
        gc.set_threshold(COLLECTING_IN_RUNS)


def _write_down(
    job_run: JobRun, plan: Plan, journal: Journal, result: RunResult, state: CommandState
) -> None:
    options = state.options
    job_run.exit_code = result.exit_code
    job_run.manifest, job_run.result = plan.folder / MANIFEST, result.manifest
    if result.halted is not None:
        job_run.errors = (*job_run.errors, result.halted)
        job_run.reported = len(job_run.errors)
    print_summary(
        result.manifest, plan.folder, options, state.console, result.halted, job_run.warnings
    )
    state.console.annotate(list_annotated(job_run))
    job_run.errors = (*job_run.errors, *result.crashes)
    report(state)
    if options.report:
        _write_report(result, plan, journal)
    if asked := describe_asked(options, state.money, state.store):
        stamp_folder(
            plan, journal.states, result.manifest, asked, list_others(options), job_run.began_ns
        )


def _write_report(result: RunResult, plan: Plan, journal: Journal) -> None:
    """Write the page of what there is; a run that changed nothing leaves one that is there."""
    if not result.changed and (plan.folder / REPORT_NAME).exists():
        return
    sandbox = result.manifest["sandbox"]
    marks = list_marks(plan.reviews, journal.states.values(), sandbox=sandbox)
    if result.changed:
        rows = [*result.manifest["inferences"]]  # the page looks at each of them ten times
        manifest: Manifest = {**result.manifest, "inferences": rows}
    else:
        manifest = read_manifest(plan.folder / MANIFEST)
    write_report(manifest, plan.folder, journal.shelf.values(), marks)


def _open_wire(options: RunOptions) -> httpx.AsyncBaseTransport | None:
    """What is sent through instead of the network; None where it is the network."""
    if not options.sandbox:
        return None
    return open_emulation(open_registry(options.project, options.templates, options.allow_outside))
