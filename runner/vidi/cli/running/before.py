"""The steps before anything is spent: read, check, price, show, refuse."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from vidi.cli.display.tables import print_estimate
from vidi.cli.running.accounts import lift_budgets, read_money, refuse_by_caps
from vidi.cli.running.job_run import KnownBefore, plan_jobs, read_own_environment
from vidi.cli.running.job_run import read_settings as read_run_settings
from vidi.cli.running.reports.destinations import prepare_reports
from vidi.cli.running.reports.findings import locate
from vidi.cli.running.up_to_date import describe_asked
from vidi.cli.running.whole_command import find_cap, warn_uncapped, weigh_together
from vidi.cli.untrusted_addresses import avoid_store
from vidi.errors import Place, RefusedError, UsageError, VidiError
from vidi.inference.store.address import open_store
from vidi.inference.tracking.ledger.bills import read_past_bills
from vidi.inference.tracking.project import read_project
from vidi.runs.planning.gate import find_refusals

if TYPE_CHECKING:
    from vidi.cli.running.state import CommandState
    from vidi.runs.planning.plan import Plan


def read_settings(state: CommandState) -> int | None:
    """Keys and addresses, of the environment or of the sandbox; and where reports are to go."""
    prepare_reports(state.options)
    if state.options.detach and state.options.sandbox:
        raise UsageError(
            "--detach leaves nothing running in a sandbox that ends with the command",
            hint="Serve one with `vidi sandbox`, and lead the command there.",
        )
    state.settings = read_run_settings(state.options)
    return None


def read_accounts(state: CommandState) -> int | None:
    """Where money is accounted for, and what caps it; said loudly where nothing is."""
    state.money = read_money(state.options, state.console)
    state.bills = read_past_bills(state.money.ledger if state.money is not None else None)
    return None


def find_store(state: CommandState) -> int | None:
    """Where bought assets are shared with other folders, if anywhere."""
    options = state.options
    environ = read_own_environment(options)
    project = state.money.project if state.money else read_project(options.project, environ)
    state.marks = project.mark
    if options.estimate and (told := avoid_store(project.store, environ)):
        state.console.say(told, style="yellow")
        return None
    state.store = open_store(project.store, options.project, environ, sandbox=options.sandbox)
    return None


def plan_every_job(state: CommandState) -> int | None:
    """Read, check and price every job file, so that all mistakes of all of them come at once."""
    asked = describe_asked(state.options, state.money, state.store)
    known = KnownBefore(state.bills, state.store)
    state.job_runs = plan_jobs(
        state.options,
        state.settings,
        state.held,
        asked,
        known,
        fit_choices=state.fit_choices,
        shared=state.shared_job,
    )
    lift_budgets(state.job_runs, state.money)
    if state.command == "estimate":
        warn_uncapped(state)
    return None


def show_mistakes(state: CommandState) -> int | None:
    """Say what is wrong or odd in the job files; a mistake ends the command."""
    return report(state)


def weigh_against_caps(state: CommandState) -> int | None:
    """Hold the plans against budgets and caps; what is refused is said in a later step."""
    for job_run in state.job_runs:
        if job_run.plan is not None:
            plan = _take_alone(job_run.plan, state)
            for refusal in find_refusals(plan, frozen=state.options.frozen):
                job_run.fail(refusal)
    weigh_together(state)
    refuse_by_caps(state.job_runs, state.money)
    return None


def _take_alone(plan: Plan, state: CommandState) -> Plan:
    """A plan with its file's own budget: one of several is not blamed for the cap of them all."""
    if len(state.job_runs) == 1 or plan.budget is None:
        return plan
    return replace(plan, budget=plan.job.budget)


def show_estimate(state: CommandState) -> int | None:
    """Show the table of what each inference would cost, also of what will be refused."""
    if not state.options.json_wanted:
        plans = [(job_run.plan, job_run.rooms) for job_run in state.job_runs if job_run.plan]
        print_estimate(plans, state.console, cap=find_cap(state))
    return None


def show_refusals(state: CommandState) -> int | None:
    """Say what is refused before spending; a refusal ends the command."""
    return report(state)


def check_keys(state: CommandState) -> int | None:
    """See that the keys are there which the plans need; a missing one ends the command."""
    from vidi.runs.planning.credentials import check_credentials

    for job_run in state.job_runs:
        if job_run.plan is not None:
            try:
                check_credentials(job_run.plan, state.settings)
            except VidiError as error:
                job_run.fail(error)
    return report(state)


def show_verdicts(state: CommandState) -> int | None:
    """Say of each job file what is wrong with it, or that nothing is."""
    for job_run in state.job_runs:
        for error in job_run.errors:
            state.console.report_error(error, locate(error, job_run))
        if job_run.plan is not None:
            state.console.report_problems(job_run.plan.warnings)
            count = len(job_run.plan.inferences)
            state.console.tell(
                f"{job_run.path}: {count} inference{'' if count == 1 else 's'}, no mistakes"
            )
    return state.end


def report(state: CommandState) -> int | None:
    """Say what has not been said yet about any of the files; an error ends the command."""
    for job_run in state.job_runs:
        for error in job_run.errors[job_run.reported :]:
            at = locate(error, job_run)
            if isinstance(error, RefusedError) and len(state.job_runs) > 1:
                error.place = error.place or Place(str(job_run.path))
            state.console.report_error(error, at)
        job_run.reported = len(job_run.errors)
        if job_run.plan is not None and not job_run.warned:
            state.console.report_problems(job_run.plan.warnings)
            job_run.warned = True
    for error in state.errors[state.reported :]:
        state.console.report_error(error)
    state.reported = len(state.errors)
    return state.end
