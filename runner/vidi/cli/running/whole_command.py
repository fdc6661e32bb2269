"""The money of a command as a whole: one cap over all its job files, or none and nobody to ask."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from vidi.dollars import format_usd
from vidi.errors import Place, Problem, RefusedError
from vidi.inference.tracking.budget import SharedCap
from vidi.runs.planning.budgets import sum_up
from vidi.runs.planning.gate import refuse_over_cap
from vidi.runs.planning.shards import add_shares

if TYPE_CHECKING:
    from decimal import Decimal

    from vidi.cli.running.job_run import JobRun
    from vidi.cli.running.state import CommandState

SET_ONE = (
    "Set `budget` in the job file or --budget, or a cap by day, week or month; or allow it with "
    "-y, or `budget: null` in the file."
)


def find_cap(state: CommandState) -> Decimal | None:
    """The cap over all job files, in USD; None where there is none, or nothing is tracked.

    Of a shard it is that part of --budget which its inferences are of the price of all.
    """
    untracked = state.money is not None and state.money.ledger is None
    budget = state.options.budget
    if untracked or budget is None:
        return None
    plans = [job_run.plan for job_run in state.job_runs if job_run.plan is not None]
    share = add_shares(plan.share for plan in plans if plan.share is not None)
    return share.split(budget) if share is not None else budget


def weigh_together(state: CommandState) -> None:
    """Fail a command whose job files do not fit under its cap together."""
    plans = [job_run.plan for job_run in state.job_runs if job_run.plan is not None]
    if len(plans) > 1 and (refusal := refuse_over_cap(plans, find_cap(state))) is not None:
        state.fail(refusal)


def share_cap(state: CommandState) -> SharedCap:
    """The cap that all runs of a command stay under, with all that is open in their folders.

    What an earlier run left open in the last folder is held from the first purchase on: it may be
    billed, so the files before it must not spend it.
    """
    shared = SharedCap(find_cap(state))
    for job_run in state.job_runs:
        if job_run.plan is not None:
            shared.hold(job_run.run_id, job_run.plan.held)
    return shared


def find_uncapped(state: CommandState) -> list[JobRun]:
    """The job files that would buy something which nothing caps, and that do not say so."""
    money = state.money
    if money is None or money.project.caps or state.options.budget is not None:
        return []
    return [
        job_run
        for job_run in state.job_runs
        if job_run.plan is not None and job_run.plan.high and not job_run.plan.job.budget_given
    ]


def warn_uncapped(state: CommandState) -> None:
    """Say of each job file that a run would ask before it begins, or be refused."""
    for job_run in find_uncapped(state):
        warning = Problem(
            "no-cap",
            "no budget is set: a run asks first, and is refused where nobody can be asked",
            Place(str(job_run.path)),
            SET_ONE,
            severity="warning",
        )
        if job_run.plan is not None:
            warnings = (*job_run.plan.warnings, warning)
            job_run.plan = replace(job_run.plan, warnings=warnings)


def confirm_uncapped(state: CommandState) -> None:
    """Ask before spending without a cap; where nobody can be asked, refuse.

    The one thing worse than a run that stops in the night is one that was never told to.
    """
    uncapped = find_uncapped(state)
    if not uncapped or state.options.yes:
        return
    most = format_usd(sum_up(job_run.plan.high for job_run in uncapped if job_run.plan))
    options = state.options
    if options.no_input or options.json_wanted or not state.console.interactive:
        state.fail(
            RefusedError(
                f"no budget is set, and nobody can be asked: this costs up to {most}", hint=SET_ONE
            )
        )
        return
    import click

    if not click.confirm(f"No budget is set. Spend up to {most}?", err=True):
        state.job_runs[0].exit_code = 130
