"""The step that refuses to run on another registry than the project has pinned."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vidi.errors import RefusedError

if TYPE_CHECKING:
    from vidi.cli.running.state import CommandState

NAMED = 5
"""How many differences a message names before it counts the rest."""


def refuse_unlocked(state: CommandState) -> int | None:
    """With --locked, hold each model in use against vidi.lock; said in a later step."""
    if not state.options.locked:
        return None
    from vidi.cli.running.job_run import open_registry
    from vidi.cli.running.pinned import describe_difference, load_lock, pin_models
    from vidi.inference.models.lock import compare_locks

    options = state.options
    locked = load_lock(options.project)
    registry = open_registry(options.project, options.templates, options.allow_outside)
    for job_run in state.job_runs:
        planned = job_run.plan.inferences if job_run.plan is not None else ()
        models = {each.request.model.id: each.request.model for each in planned}
        now = pin_models(registry, list(models.values()))
        pinned = {name: locked[name] for name in now if name in locked}
        told = [describe_difference(each) for each in compare_locks(pinned, now)]
        if told:
            rest = f"; and {len(told) - NAMED} more" if len(told) > NAMED else ""
            job_run.bar("not as vidi.lock has it")
            job_run.fail(
                RefusedError(
                    f"not as vidi.lock has it: {'; '.join(told[:NAMED])}{rest}",
                    hint="`vidi lock` shows the differences and pins what is there now.",
                )
            )
    return None
