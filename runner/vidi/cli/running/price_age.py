"""The step that refuses prices which nobody has looked at for longer than the project allows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vidi.cli.display.price_marks import standing_of
from vidi.cli.display.problems import name_some
from vidi.errors import RefusedError
from vidi.runs.planning.request import ASSUMED

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vidi.cli.running.state import CommandState
    from vidi.runs.planning.plan import Plan


def refuse_old_prices(state: CommandState) -> int | None:
    """Hold every price against `max_price_age`; what is refused is said in a later step."""
    limit = state.money.project.max_price_age if state.money else None
    for job_run in state.job_runs:
        refusals = _refuse(job_run.plan, limit) if job_run.plan and limit is not None else ()
        for refusal in refusals:
            job_run.fail(refusal)
            job_run.bar("a price is too old")
    return None


def _refuse(plan: Plan, limit: int) -> Iterator[RefusedError]:
    old: dict[str, dict[str, int]] = {}
    for planned in plan.to_run:
        age = standing_of(planned).age_days
        if planned.buys and planned.estimate.reason != ASSUMED and age is not None and age > limit:
            old.setdefault(planned.request.model.id, {})[planned.id] = age
    for model, ages in old.items():
        names = [f"{name} ({age} days)" for name, age in ages.items()]
        yield RefusedError(
            f"the price of {model} is older than {limit} days: {name_some(names)}",
            hint=f"Read its page again and say so with `vidi models price {model}`, or raise "
            "max_price_age in vidi.toml.",
        ).about(*ages)
