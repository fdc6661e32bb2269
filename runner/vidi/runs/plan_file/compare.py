"""A saved plan beside what the same job files come to now: everything that is not as planned.

What the plan ordered may be there already: then less is bought, and that is as planned. So a second
`--apply`, and one after a run that was cut off, go on where the first one stood.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from vidi.dollars import format_usd

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from vidi.runs.plan_file.shape import SavedEntry, SavedJob, SavedPlan

EDITED = "edited"


def compare_project(planned: SavedPlan, now: SavedPlan) -> Iterator[str]:
    """How the project differs beside its job files: files of variables, templates, prices."""
    yield from _compare_files(planned.vars_files, now.vars_files)
    for name, model in planned.models.items():
        found = now.models.get(name)
        if found is None:
            continue  # its entries say that they are gone
        if model.prices != found.prices:
            yield f"the prices of {name} have changed"
        elif model.template != found.template:
            yield f"the template of {name} has changed"


def compare_job(planned: SavedJob, now: SavedJob) -> Iterator[str]:
    """How a job file, what it reads, and what a run of it would do differ."""
    if planned.job_sha256 != now.job_sha256:
        yield f"{planned.job_file} has changed"
    if planned.output_dir != now.output_dir:
        yield f"its assets go to {now.output_dir}, planned to {planned.output_dir}"
    if planned.budget_usd != now.budget_usd:
        budgets = (format_usd(now.budget_usd), format_usd(planned.budget_usd))
        yield f"its budget is {budgets[0]}, planned with {budgets[1]}"
    yield from _compare_files(planned.files, now.files)
    before, after = _inputs_of(planned), _inputs_of(now)
    yield from _compare_files(
        {name: digest for name, digest in before.items() if name in after}, after, new=False
    )
    yield from _compare_entries(planned, now)


def _compare_entries(planned: SavedJob, now: SavedJob) -> Iterator[str]:
    found = {each.id: each for each in now.inferences}
    for each in planned.inferences:
        other = found.pop(each.id, None)
        if other is None:
            yield f"{each.id} is gone"
        elif (told := _compare_entry(each, other)) is not None:
            yield told
    for other in found.values():
        yield f"{other.id} is new"


def _compare_entry(planned: SavedEntry, now: SavedEntry) -> str | None:
    """How one entry differs; None where it is as planned, or what was planned is there."""
    if planned.fingerprint != now.fingerprint or planned.model != now.model:
        return f"{now.id} asks for something else"
    if planned.output != now.output:
        return f"{now.id} goes to {now.output}, planned to {planned.output}"
    if not _may_become(planned, now):
        return f"{now.id}: {now.action} ({now.reason}), planned {planned.action}"
    if now.action == "run" and now.paid_usd > planned.paid_usd:
        return f"{now.id}: paid for since, and it would be bought once more ({now.reason})"
    if now.action == "run" and (
        planned.estimate_usd["low"] != now.estimate_usd["low"]
        or planned.estimate_usd["high"] != now.estimate_usd["high"]
        or planned.reserve_usd != now.reserve_usd
    ):
        dear, before = now.estimate_usd["high"], planned.estimate_usd["high"]
        return f"{now.id} costs up to {format_usd(dear)}, planned with {format_usd(before)}"
    return None


def _may_become(planned: SavedEntry, now: SavedEntry) -> bool:
    """Whether what is done now is what was planned, or what is left of it: never a purchase more.

    An order that was carried out is there, and costs nothing any more.
    """
    if planned.action == "run":
        return True
    if planned.action == "unchanged":
        edited = now.reason == EDITED and planned.reason != EDITED
        return now.action == "unchanged" and not edited
    if planned.action == "skip":
        return now.action == "skip"
    return now.action != "run"


def _compare_files(
    planned: Mapping[str, str], now: Mapping[str, str], *, new: bool = True
) -> Iterator[str]:
    for name, digest in planned.items():
        if name not in now:
            yield f"{name} is no longer read"
        elif now[name] != digest:
            yield f"{name} has changed"
    if new:
        yield from (f"{name} is read as well" for name in now if name not in planned)


def _inputs_of(job: SavedJob) -> dict[str, str]:
    return {name: digest for each in job.inferences for name, digest in each.inputs.items()}
