"""The steps of `--plan` and `--apply`; what they need is imported where they are asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vidi.cli.running.before import plan_every_job

if TYPE_CHECKING:
    from vidi.cli.running.state import CommandState


def plan_as_saved(state: CommandState) -> int | None:
    """Plan every job file; with --apply, hold what comes of it against the saved plan."""
    if state.options.apply is None:
        return plan_every_job(state)
    from vidi.cli.running.applying.apply import plan_anew

    return plan_anew(state)


def write_plan(state: CommandState) -> int | None:
    """With --plan, write down what was shown."""
    if state.options.plan is not None:
        from vidi.cli.running.applying.save import save_plan

        save_plan(state, state.options.plan)
    return None
