"""What differs, as text for a terminal: a line for each entry that is not as it was."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vidi.cli.display.columns import align, fit_terminal
from vidi.cli.display.difference.wording import (
    MARKS,
    count_changes,
    list_differences,
    tell_amounts,
    tell_id,
    tell_purchase,
    tell_step,
)
from vidi.dollars import DASH, format_usd

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vidi.runs.comparing.changes import Change
    from vidi.runs.comparing.comparison import ComparedJob, Comparison

FILES = {"added": " (new file)", "removed": " (file removed)", "kept": ""}


def render_text(comparison: Comparison) -> Iterator[str]:
    """The lines: file by file, model by model, and in sum."""
    yield f"{comparison.base} → {comparison.head}"
    for job in comparison.jobs:
        if job.differs:
            yield from _render_job(job)
    models = {name: each for name, each in comparison.by_model.items() if each.before != each.after}
    if len(models) > 1:
        rows = [(f"  {name}", tell_step(each)) for name, each in models.items()]
        yield from ("by model", *align(rows))
    yield f"entries   {count_changes(comparison.changes)}"
    yield f"total     {tell_step(comparison.sums)}"
    yield tell_purchase(comparison.changes)
    yield from list_over_budget(comparison)


def list_over_budget(comparison: Comparison) -> Iterator[str]:
    """The job files whose run would be refused for its price."""
    for job in comparison.jobs:
        plan = job.plan
        if plan is not None and plan.over_budget:
            yield (
                f"{job.path.as_posix()}: a run now is {format_usd(plan.over_budget)} over its "
                f"budget of {format_usd(plan.budget)}."
            )


def _render_job(job: ComparedJob) -> Iterator[str]:
    was = f" (was {job.was})" if job.was is not None else ""
    yield f"{job.path.as_posix()}{was}{FILES[job.kind]}: {tell_step(job.sums)}"
    rows = fit_terminal([_make_row(each) for each in job.differing], middle=1, ends=(4, 2))
    for each, line in zip(job.differing, align(rows), strict=True):
        yield line
        if each.change not in {"added", "removed"}:
            for name, before, after in list_differences(each):
                yield f"      {name}: {before} → {after}"


def _make_row(change: Change) -> tuple[str, ...]:
    before = DASH if change.change == "added" else tell_amounts(change.before)
    after = DASH if change.change == "removed" else tell_amounts(change.after)
    step = after if before == after else f"{before} → {after}"
    return (
        f"  {MARKS[change.change]} {tell_id(change)}",
        change.model,
        change.change,
        step,
        change.action or "",
    )
