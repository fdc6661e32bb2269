"""The steps of `vidi diff`: find both sides, plan both, compare, show. Nothing is written or sent.

HEAD is planned as an estimate is, against the outputs and the store that are there. BASE is planned
as if nothing had been bought: only what it asks for and what that costs is looked at.
"""

from __future__ import annotations

import contextlib
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from vidi.cli.display.console import Console
from vidi.cli.display.problems import name_some
from vidi.cli.display.visible import make_visible
from vidi.cli.running.accounts import lift_budgets
from vidi.cli.running.before import find_store, read_accounts, read_settings, show_mistakes
from vidi.cli.running.comparing.base import BasePlanner
from vidi.cli.running.comparing.bounds import Bounds
from vidi.cli.running.comparing.sides import find_sides, options_for, read_contents
from vidi.cli.running.job_run import KnownBefore, OtherTree, plan_jobs
from vidi.cli.running.state import CommandState
from vidi.cli.running.steps import take_steps
from vidi.errors import Problem
from vidi.runs.comparing.changes import compare_plans
from vidi.runs.comparing.comparison import ComparedJob, Comparison

if TYPE_CHECKING:
    from pathlib import Path

    from vidi.cli.run_options import RunOptions
    from vidi.cli.running.comparing.sides import Sides
    from vidi.runs.planning.plan import Plan


@dataclass(frozen=True, slots=True)
class Asked:
    """What the command line of a comparison says beside how job files are read."""

    base: str
    head: str | None
    markdown: bool = False
    exit_code: bool = False
    """Whether differences are exit 1, as `git diff --exit-code` has it."""


@dataclass(slots=True, kw_only=True)
class DiffState(CommandState):
    """One comparison, and how far it has come."""

    asked: Asked
    sides: Sides
    base_plans: dict[str, Plan] = field(default_factory=dict)
    """Those of BASE's job files that have no mistakes, by what they are matched by."""
    warnings: list[Problem] = field(default_factory=list)
    """What is odd about BASE, and stops nothing."""
    comparison: Comparison | None = None
    bounds: Bounds = field(default_factory=Bounds)

    def complete(self, answer: dict[str, object]) -> dict[str, object]:
        """Add what differs to the answer."""
        from vidi.cli.display.difference.answer import add_difference

        return add_difference(answer, self.comparison, self.warnings)


def compare(asked: Asked, options: RunOptions) -> int:
    """Take a comparison through its steps; returns its exit code.

    Raises:
        VidiError: It cannot even begin: a setting is wrong, or a side is not there.
    """
    console = Console(quiet=options.quiet, verbose=options.verbose)
    with contextlib.ExitStack() as held:
        sides = find_sides(asked.base, asked.head, options, held)
        state = DiffState(
            command="diff", options=options, console=console, held=held, asked=asked, sides=sides
        )
        return take_steps(STEPS, state)


def plan_head(state: DiffState) -> int | None:
    """Read, check and price HEAD's job files, against what is there."""
    head = state.sides.head
    if not head.job_files:
        return None
    tree = None
    if head.tracked is not None:
        tree = OtherTree(read_contents(head, state.sides.titles), state.options.project)
    paths = tuple(state.sides.titles[name] for name in head.job_files)
    options = replace(options_for(head, state.options), job_files=paths)
    known = KnownBefore(state.bills, state.store)
    state.job_runs = plan_jobs(
        options,
        state.settings,
        state.held,
        known=known,
        tree=tree,
        together=False,
        fit_choices=state.bounds.count,
    )
    lift_budgets(state.job_runs, state.money)
    return None


def plan_base(state: DiffState) -> int | None:
    """Read, check and price BASE's job files; one that has mistakes counts as if not there.

    Whoever mends a broken file must not be held up by it: it is said, and is no mistake of HEAD's.
    """
    base = state.sides.base
    planner = BasePlanner(options_for(base, state.options), base, state.bills, state.held)
    for name, path in base.job_files.items():
        state.bounds.look(sum(len(plan.inferences) for plan in state.base_plans.values()))
        title = state.sides.titles[name] if base.tracked is not None else path
        planned = planner.plan(path, title)
        if isinstance(planned, Problem):
            state.warnings.append(planned)
        else:
            state.base_plans[name] = planned
    if left_out := (*base.left_out, *state.sides.head.left_out):
        state.warnings.append(_warn_left_out(left_out))
    return None


def compare_sides(state: DiffState) -> int | None:
    """Compare file with file, and entry with entry."""
    jobs = tuple(_compare_job(name, title, state) for name, title in state.sides.titles.items())
    base, head = state.sides.base, state.sides.head
    state.comparison = Comparison(base.title, head.title, jobs, tuple(state.warnings))
    if state.asked.exit_code and state.comparison.differs:
        state.verdict = 1
    return None


def _compare_job(name: str, title: Path, state: DiffState) -> ComparedJob:
    sides = state.sides
    plans = {job_run.path: job_run.plan for job_run in state.job_runs}
    plan = plans.get(title)
    base_path = sides.base.job_files.get(name)
    if base_path is not None and sides.base.tracked is not None:
        base_path = title
    return ComparedJob(
        title,
        "added" if base_path is None else "kept" if name in sides.head.job_files else "removed",
        compare_plans(state.base_plans.get(name), plan, tuple(state.settings.keys.values())),
        plan,
        base_path,
    )


def show_difference(state: DiffState) -> int | None:
    """Print it as text or Markdown; as JSON it is printed at the end, as every answer is."""
    state.console.report_problems(state.warnings)
    if state.comparison is None or state.options.json_wanted:
        return None
    if state.asked.markdown:
        from vidi.cli.display.difference.markdown import render_markdown

        state.console.print_data(render_markdown(state.comparison))
    else:
        from vidi.cli.display.difference.text import render_text

        for line in render_text(state.comparison):
            state.console.print_data(make_visible(line))
    return None


def _warn_left_out(names: tuple[str, ...]) -> Problem:
    return Problem(
        "left-out",
        f"not all of the revision is here, too big or held by git-lfs: {name_some(names)}",
        severity="warning",
    )


STEPS = (
    read_settings,
    read_accounts,
    find_store,
    plan_head,
    show_mistakes,
    plan_base,
    compare_sides,
    show_difference,
)
