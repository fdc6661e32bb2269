"""`--apply`: the plan is made anew, held against the saved one, and carried out if equal."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from vidi.cli.running.applying.command_line import refuse_foreign_folder, take_up
from vidi.cli.running.applying.save import take_plan
from vidi.cli.running.before import plan_every_job, report
from vidi.cli.running.state import CommandState
from vidi.errors import JobFileError, RefusedError, UsageError, VidiError
from vidi.jobs.reading.files import is_inside
from vidi.runs.plan_file.compare import compare_job, compare_project
from vidi.runs.plan_file.shape import read_plan
from vidi.runs.plan_file.take import hash_files
from vidi.runs.planning.selection import select_exactly

if TYPE_CHECKING:
    import contextlib
    from collections.abc import Iterator

    from vidi.cli.display.console import Console
    from vidi.cli.run_options import RunOptions
    from vidi.cli.running.job_run import JobRun
    from vidi.runs.plan_file.shape import SavedJob, SavedPlan
    from vidi.runs.planning.plan import Choices

NAMED = 10
"""How many differences a message names before it counts the rest."""
ANEW = "Look at it again: vidi-run … --estimate --plan FILE makes a new plan."


@dataclass(slots=True, kw_only=True)
class ApplyState(CommandState):
    """A run that carries out a saved plan."""

    saved: SavedPlan

    def find_saved(self, job_run: JobRun) -> SavedJob | None:
        """What was planned for a job file."""
        path = job_run.path.as_posix()
        return next((each for each in self.saved.jobs if each.job_file == path), None)

    def fit_choices(self, job_run: JobRun, choices: Choices) -> Choices:
        """Buy again only what has not been bought again since: the plan ordered it once."""
        saved = self.find_saved(job_run)
        if not choices.rebuy or saved is None or job_run.journal is None:
            return choices
        had = {name: state.purchase for name, state in job_run.journal.states.items()}
        left = (
            select_exactly(each.id)
            for each in saved.inferences
            if each.again and each.purchase == had.get(each.id, "")
        )
        return replace(choices, rebuy=tuple(left))


def open_apply(options: RunOptions, console: Console, held: contextlib.ExitStack) -> ApplyState:
    """Begin to carry out the plan that the command line names.

    Raises:
        UsageError: It is no plan, or is asked for beside what cannot go with it.
        RefusedError: The command line says otherwise than the plan.
    """
    path = options.apply
    if path is None or options.estimate or options.job_files:
        raise UsageError(
            "--apply carries out what a plan says, and takes neither JOB_FILE nor --estimate",
            hint="Leave them out.",
        )
    saved = read_plan(path)
    fitting = take_up(options, saved.options)
    if fitting.output_dir is not None:
        refuse_foreign_folder(fitting.project / fitting.output_dir, fitting.project)
    return ApplyState(command="run", options=fitting, console=console, held=held, saved=saved)


def plan_anew(state: CommandState) -> int | None:
    """Plan every job file anew, and hold what comes of it against the plan."""
    if not isinstance(state, ApplyState):
        raise TypeError("no plan is carried out")
    try:
        plan_every_job(state)
        now = take_plan(state)
    except UsageError as error:
        raise RefusedError(f"not as planned: {error.message}", hint=error.hint) from error
    found = {each.job_file: each for each in now.jobs}
    whole = list(compare_project(state.saved, now))
    for job_run in state.job_runs:
        planned, job = state.find_saved(job_run), found.get(job_run.path.as_posix())
        if planned is None:
            told = ["it is not in the plan"]
        elif job is None:
            told = list(_tell_broken(job_run, planned))
        else:
            told = list(compare_job(planned, job))
        _refuse(job_run, [*whole, *told])
    if state.end is None:
        count = sum(each.buys for run in state.job_runs if run.plan for each in run.plan.to_run)
        state.console.tell(f"as planned on {state.saved.made_at}: {count:,} to buy")
    return report(state)


def _tell_broken(job_run: JobRun, planned: SavedJob) -> Iterator[str]:
    """What is wrong with a job file that had no mistakes when it was planned."""
    job = job_run.job
    if job is None or job.sha256 != planned.job_sha256:
        yield f"{planned.job_file} has changed"
        return
    inside = [each for each in planned.files if is_inside(job.files.root / each, job.files.root)]
    found = hash_files(job.files.root, inside)
    for name in inside:
        if found.get(name) != planned.files[name]:
            yield f"{name} {'has changed' if name in found else 'is gone'}"
    for error in job_run.errors:
        wrong = error.problems[0].message if isinstance(error, JobFileError) else error.message
        yield f"it cannot be run any more: {wrong}"


def _refuse(job_run: JobRun, told: list[str]) -> None:
    """Fail a job file, before whatever else is wrong: nothing but the plan is carried out."""
    if not told:
        return
    rest = f"; and {len(told) - NAMED:,} more" if len(told) > NAMED else ""
    refusal = RefusedError(f"not as planned: {'; '.join(told[:NAMED])}{rest}", hint=ANEW)
    mistakes: tuple[VidiError, ...] = job_run.errors
    job_run.errors, job_run.exit_code = (), 0
    job_run.bar("not as planned")
    job_run.fail(refusal)
    job_run.errors = (*job_run.errors, *mistakes)
