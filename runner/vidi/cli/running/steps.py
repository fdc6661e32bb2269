"""The commands about job files, each a table of named steps that is read aloud from the top.

A step takes the command's state and adds to it. It returns None where the command goes on, or the
exit code with which it ends there; how it ended is said in any case.
"""

from __future__ import annotations

import contextlib
from dataclasses import replace
from typing import TYPE_CHECKING

from vidi.cli.display.console import Console
from vidi.cli.running.applying.steps import plan_as_saved, write_plan
from vidi.cli.running.before import (
    check_keys,
    find_store,
    plan_every_job,
    read_accounts,
    read_settings,
    show_estimate,
    show_mistakes,
    show_refusals,
    show_verdicts,
    weigh_against_caps,
)
from vidi.cli.running.ending import reporting_failure, say_how_it_ended
from vidi.cli.running.job_files import find_job_files
from vidi.cli.running.locked import refuse_unlocked
from vidi.cli.running.price_age import refuse_old_prices
from vidi.cli.running.spending import (
    carry_out_each_job,
    confirm_spending,
    sum_up_all_jobs,
)
from vidi.cli.running.state import CommandState

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from vidi.cli.run_options import RunOptions
    from vidi.cli.running.state import CommandName


STEPS: Mapping[CommandName, tuple[Callable[..., int | None], ...]] = {
    "run": (
        read_settings,
        read_accounts,
        find_store,
        plan_as_saved,
        show_mistakes,
        weigh_against_caps,
        refuse_old_prices,
        refuse_unlocked,
        show_refusals,
        check_keys,
        confirm_spending,
        carry_out_each_job,
        sum_up_all_jobs,
    ),
    "estimate": (
        read_settings,
        read_accounts,
        find_store,
        plan_every_job,
        show_mistakes,
        weigh_against_caps,
        refuse_old_prices,
        refuse_unlocked,
        show_estimate,
        show_refusals,
        write_plan,
    ),
    "validate": (
        read_settings,
        plan_every_job,
        show_verdicts,
    ),
}


def carry_out_steps(command: CommandName, options: RunOptions) -> int:
    """Take a command through its steps; returns its exit code.

    Raises:
        VidiError: It cannot even begin: a setting is wrong, or a folder is not there.
    """
    console = Console(quiet=options.quiet, verbose=options.verbose)
    with contextlib.ExitStack() as held:
        asked = CommandState(command, options, console, held)
        with reporting_failure(asked):
            state = _find_job_files(asked)
        return take_steps(_choose_steps(command, options), state)


def _choose_steps(command: CommandName, options: RunOptions) -> Iterable[Callable[..., int | None]]:
    if options.fleet:
        from vidi.cli.running.fleet.steps import FLEET_STEPS

        return FLEET_STEPS[command]
    return STEPS[command]


def _find_job_files(asked: CommandState) -> CommandState:
    """What a command is about: the job files that are named, or those of a plan."""
    options = asked.options
    if options.apply is not None:
        from vidi.cli.running.applying.apply import open_apply

        return open_apply(options, asked.console, asked.held)
    options = replace(options, job_files=find_job_files(options.job_files, options.project))
    if options.plan is not None:
        from vidi.cli.running.applying.save import refuse_unsavable

        refuse_unsavable(options)
    if options.fleet:
        from vidi.cli.running.fleet.steps import open_fleet

        return open_fleet(options, asked.console, asked.held)
    return replace(asked, options=options)


def take_steps(steps: Iterable[Callable[..., int | None]], state: CommandState) -> int:
    """Take a command through some steps, and say how it ended; returns its exit code."""
    with reporting_failure(state):
        for step in steps:
            if step(state) is not None:
                break
    return say_how_it_ended(state)
