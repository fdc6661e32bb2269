"""The steps that may spend: ask, carry out file after file, write the records.

What only a run needs is imported here, so that an estimate does without it.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from vidi.cli.crash import describe_bug
from vidi.cli.running.before import report
from vidi.cli.running.whole_command import confirm_uncapped, find_cap, share_cap
from vidi.errors import FolderLockedError, VidiError, contain
from vidi.runs.execution.signals import received_signals
from vidi.runs.execution.starting import StartLimits
from vidi.runs.records.folder import JOURNAL
from vidi.runs.records.remote.hold import hold_output
from vidi.runs.records.warnings import group_by_inference

if TYPE_CHECKING:
    from vidi.cli.running.job_run import JobRun
    from vidi.cli.running.state import CommandState
    from vidi.inference.tracking.budget import SharedCap


def confirm_spending(state: CommandState) -> int | None:
    """Ask before spending without a cap; the last moment at which a signal just breaks off."""
    import vidi.cli.running.carry_out  # noqa: F401 - a second that may still be broken off

    confirm_uncapped(state)
    return report(state)


def carry_out_each_job(state: CommandState) -> int | None:
    """Run file after file; after a signal, none is begun. Whatever ends one, the others go on."""
    received_signals.hold()  # from here on something may have been bought
    starts = StartLimits(1 if state.options.fail_fast else state.options.max_failures)
    shared = share_cap(state)
    for job_run in state.job_runs:
        # One file's bug never keeps the others from going.
        error = contain(partial(_carry_out, job_run, state, starts, shared))
        if error is not None:
            job_run.fail(error if isinstance(error, VidiError) else describe_bug(error))
            report(state)
    return None


def sum_up_all_jobs(state: CommandState) -> int | None:
    """Say what several job files came to together."""
    ran = [job_run.result for job_run in state.job_runs if job_run.result is not None]
    if len(state.job_runs) > 1 and ran:
        from vidi.cli.display.summary import print_grand_total

        odd = sum(len(group_by_inference(job_run.warnings)) for job_run in state.job_runs)
        asked = len(state.job_runs)
        print_grand_total(ran, asked, odd, find_cap(state), state.options, state.console)
    return None


def _carry_out(
    job_run: JobRun, state: CommandState, starts: StartLimits, shared: SharedCap
) -> None:
    from vidi.cli.running.carry_out import carry_out_job

    if received_signals.count:
        raise received_signals.describe(f"stopped before {job_run.path} was begun")
    if not job_run.held:
        _hold_new_folder(job_run, state)
    carry_out_job(job_run, state, starts, shared)


def _hold_new_folder(job_run: JobRun, state: CommandState) -> None:
    """Hold a folder that was not there when the plan was made."""
    if job_run.plan is None:
        return
    folder = job_run.plan.folder
    state.held.enter_context(hold_output(folder))
    if (folder / JOURNAL).exists():
        raise FolderLockedError(
            f"another run has used {folder} since this one was planned",
            hint="Run the same command again: it takes over what is there.",
        )
