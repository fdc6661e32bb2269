"""The steps that give a plan to workers, or find that they have it already."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from vidi.cli.display.fleet_status import describe_fleet
from vidi.cli.running.before import report
from vidi.cli.running.fleet.watch import read_standing, watch_job
from vidi.cli.running.job_run import read_own_environment
from vidi.cli.running.whole_command import find_cap
from vidi.dollars import format_usd
from vidi.errors import FolderLockedError, VidiError
from vidi.inference.tracking.fleet.destinations import Destination, Terms
from vidi.inference.tracking.fleet.states import unlock_destination
from vidi.inference.tracking.ledger.address import locate_ledger
from vidi.runs.execution.signals import received_signals
from vidi.runs.fleet.engine_there import has_engine
from vidi.runs.fleet.hand_out import hand_out
from vidi.runs.fleet.streamed import StreamedPlan
from vidi.runs.planning.budgets import lower_budget
from vidi.runs.records.folder import note_fleet
from vidi.runs.records.remote.hold import note_fleet_at
from vidi.version import __version__

if TYPE_CHECKING:
    from vidi.cli.running.fleet.state import FleetState
    from vidi.runs.planning.plan import Plan


def attach_to_running(state: FleetState) -> int | None:
    """Where workers have this very plan already, only look at them; another plan has to wait."""
    plan, before = state.job_runs[0].plan, state.before
    if plan is None or before is None or before.state not in {"running", "stopping"}:
        return None
    if before.state == "running" and before.plan_sha256 == _fingerprint(plan):
        state.console.tell(f"{state.name} is running already")
        state.open_ledger().do(unlock_destination(state.name))
        watch_job(state)
        return state.exit_code
    state.job_runs[0].fail(
        FolderLockedError(
            f"{state.name} is {before.state}, by another plan than this one"
            if before.state == "running"
            else f"{state.name} is stopping: workers finish what is under way",
            hint=f"`vidi stop {state.name}` and `vidi status {state.name} --fleet`; then give the "
            "same command again.",
        )
    )
    return report(state)


def hand_out_job(state: FleetState) -> int | None:
    """Enter the plan for workers; from its end on, they buy."""
    job_run = state.job_runs[0]
    plan = job_run.plan
    if plan is None or state.journal is None:
        return state.end
    ledger = state.open_ledger()
    new = _describe(plan, state)
    _tell_plan(plan, state)
    try:
        if "://" in new.store:
            note_fleet_at(new.store, new.journal, known=state.before is not None)
        else:
            note_fleet(plan.folder, new.journal)
        hand_out(new, state.queues, ledger)
        ledger.do(unlock_destination(new.journal))
        _dispatch(state)
    except VidiError as error:
        job_run.fail(error)
        return report(state)
    state.before = new
    if state.options.detach:
        received_signals.hold()
        state.answer = describe_fleet(*read_standing(state.name, ledger))
        if not state.options.json_wanted:
            state.console.print_data(new.journal)
        return 0
    return None


def _dispatch(state: FleetState) -> None:
    """Give shards to the queue where it is installed; workers look for themselves all the same."""
    address = locate_ledger(read_own_environment(state.options))
    if has_engine() and address is not None:
        from vidi.runs.fleet.engine.jobs import dispatch_now

        dispatch_now(address, state.open_ledger(), state.name)


def _tell_plan(plan: Plan, state: FleetState) -> None:
    counts = plan.counts
    fetched = f", {counts.free} to fetch" if counts.free else ""
    state.console.tell(
        f"{state.name}: {counts.bought} to buy for up to {format_usd(plan.high)}{fetched}, of "
        f"{counts.total}"
    )


def _fingerprint(plan: Plan) -> str:
    """What is asked for, as a hash: the same again has nothing to plan anew."""
    return plan.sums.sha256 if isinstance(plan, StreamedPlan) else ""


def _describe(plan: Plan, state: FleetState) -> Destination:
    """The job, as it is from now on."""
    money, options = state.money, state.options
    budget = lower_budget(plan.budget, find_cap(state))
    if budget is not None:  # what earlier runs left open may be billed, and is no room
        budget = max(budget - plan.held, Decimal(0))
    return Destination(
        state.name,
        plan.job.path.as_posix(),
        __version__,
        budget,
        state.run,
        state.name,
        _fingerprint(plan),
        Terms(
            accept=tuple(sorted(plan.accept)),
            limits={name: dict(values) for name, values in plan.job.limits.items()},
            caps={cap.kind: str(cap.usd) for cap in money.caps} if money is not None else {},
            concurrency=options.concurrency or plan.job.concurrency,
            marks=state.marks,
            overwrite=options.overwrite,
            allow_outside=options.allow_outside,
            job_sha256=plan.job.sha256,
        ),
    )
