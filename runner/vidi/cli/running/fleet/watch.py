"""A fleet's job, watched: workers go on whether anybody looks or not."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from vidi.cli.display.fleet_status import describe_fleet, tell_progress
from vidi.errors import UsageError
from vidi.inference.tracking.fleet.destinations import find_exactly
from vidi.inference.tracking.fleet.figures import read_figures
from vidi.runs.execution.signals import received_signals
from vidi.runs.fleet.work import WorkEnd, choose_exit_code

if TYPE_CHECKING:
    from vidi.cli.running.fleet.state import FleetState
    from vidi.inference.tracking.fleet.destinations import Destination
    from vidi.inference.tracking.fleet.figures import Figures
    from vidi.inference.tracking.ledger.connection import Ledger

LOOK_S, LONGEST_LOOK_S = 0.25, 2.0


def watch_job(state: FleetState) -> int | None:
    """Show how the job goes on until it has ended or stopped; Ctrl-C leaves the view alone."""
    ledger, job_run = state.open_ledger(), state.job_runs[0]
    try:
        destination, figures = _watch(state, ledger)
    except KeyboardInterrupt:
        job_run.exit_code = received_signals.exit_code or 130
        state.console.say(
            f"workers go on with {state.name}: `vidi status {state.name} --fleet` shows it, "
            f"`vidi stop {state.name}` stops it"
        )
        return None
    state.answer = describe_fleet(destination, figures)
    accept = destination.terms.accept
    code = choose_exit_code(WorkEnd(), figures.counts, accept, why=destination.why)
    job_run.exit_code = 6 if figures.orphans else code
    return None


def _watch(state: FleetState, ledger: Ledger) -> tuple[Destination, Figures]:
    told, pause, hinted = "", LOOK_S, False
    while True:
        destination, figures = read_standing(state.name, ledger)
        line = tell_progress(destination, figures)
        if line != told:
            told = line
            state.console.tell(line)
        if has_ended(destination, figures):
            return destination, figures
        if not (figures.workers or hinted):
            hinted = True
            state.console.tell("  it is bought by `vidi work`, on any machine that has the keys")
        time.sleep(pause)
        pause = min(pause * 2, LONGEST_LOOK_S)


def read_standing(name: str, ledger: Ledger) -> tuple[Destination, Figures]:
    """A job and how it stands.

    Raises:
        UsageError: There is no such job.
        StorageError: The database cannot be read.
    """
    destination = ledger.do(find_exactly(name))
    if destination is None:
        raise UsageError(f"no job of this database is {name}")
    return destination, ledger.do(read_figures(destination))


def has_ended(destination: Destination, figures: Figures) -> bool:
    """Whether no worker has anything left to do with a job."""
    if destination.state in {"ended", "stopped"}:
        return True
    return destination.state == "running" and not figures.open and not figures.workers
