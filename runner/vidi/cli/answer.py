"""The one JSON object that `--json` prints, also on failure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from vidi.errors import JobFileError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from vidi.errors import Problem, VidiError
    from vidi.runs.plan import Plan, PlannedInference

SCHEMA_VERSION = 1


def describe_answer(
    command: str,
    job_file: Path | None,
    *,
    exit_code: int,
    plan: Plan | None = None,
    errors: Sequence[VidiError] = (),
    manifest: Path | None = None,
    ran: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """What became of one job file, as JSON values."""
    problems = [problem for error in errors for problem in _problems_of(error)]
    answer = {
        "schema_version": SCHEMA_VERSION,
        "command": command,
        "ok": exit_code == 0,
        "exit_code": exit_code,
        "job_file": job_file.as_posix() if job_file else None,
        "budget_usd": plan.budget if plan else None,
        "estimate_usd": {"low": plan.low, "high": plan.high} if plan else None,
        "inferences": [describe_planned(each) for each in plan.inferences] if plan else [],
        "errors": [
            *(describe_problem(each) for each in problems if each.severity == "error"),
            *(describe_vidi_error(each) for each in errors if not isinstance(each, JobFileError)),
            *(_describe_row(row) for row in (ran or {}).get("inferences", ()) if row["error"]),
        ],
        "warnings": [
            describe_problem(each)
            for each in [*problems, *(plan.warnings if plan else ())]
            if each.severity == "warning"
        ],
    }
    return (
        {**answer, "manifest": str(manifest) if manifest else None} if command == "run" else answer
    )


def describe_planned(planned: PlannedInference) -> dict[str, Any]:
    """One line of a plan as JSON values."""
    return {
        "id": planned.id,
        "model": planned.model,
        "action": planned.action,
        "reason": planned.reason,
        "estimate_usd": {"low": planned.estimate.low, "high": planned.estimate.high},
        "unpriced": planned.estimate.high is None,
        "why": planned.estimate.reason,
        "breakdown": [line.to_json() for line in planned.estimate.lines],
    }


def describe_problem(problem: Problem) -> dict[str, Any]:
    """One problem as JSON values; its first id, as `ids` holds every one."""
    place = problem.place
    return {
        "path": place.path if place else None,
        "line": place.line or None if place else None,
        "column": place.column or None if place else None,
        "id": problem.ids[0] if problem.ids else None,
        "ids": list(problem.ids),
        "code": problem.code,
        "message": problem.message,
        "hint": problem.hint,
    }


def describe_vidi_error(error: VidiError) -> dict[str, Any]:
    """An error that is no problem of a job file, in the same shape."""
    place = error.place
    return {
        "path": place.path if place else None,
        "line": place.line or None if place else None,
        "column": place.column or None if place else None,
        "id": None,
        "ids": [],
        "code": error.code,
        "message": error.message,
        "hint": error.hint,
    }


def _describe_row(row: Mapping[str, Any]) -> dict[str, Any]:
    """What went wrong with one inference of a run."""
    where = {"path": None, "line": None, "column": None}
    return {**where, "id": row["id"], "ids": [row["id"]], **row["error"]}


def _problems_of(error: VidiError) -> tuple[Problem, ...]:
    return error.problems if isinstance(error, JobFileError) else ()
