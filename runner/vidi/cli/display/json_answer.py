"""The one JSON object that `--json` prints, also on failure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vidi.errors import JobFileError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from vidi.errors import Problem, VidiError
    from vidi.runs.planning.plan import Plan, PlannedInference
    from vidi.runs.records.manifest.shape import Manifest

SCHEMA_VERSION = 1


def describe_answer(
    command: str,
    job_file: Path | None,
    *,
    exit_code: int,
    plan: Plan | None = None,
    errors: Sequence[VidiError] = (),
    manifest: Path | None = None,
    ran: Manifest | None = None,
) -> dict[str, object]:
    """What became of one job file, as JSON values."""
    answer = {
        "schema_version": SCHEMA_VERSION,
        "command": command,
        "ok": exit_code == 0,
        "exit_code": exit_code,
        "job_file": job_file.as_posix() if job_file else None,
        **_describe_plan(plan),
        "errors": _join_errors(_describe_errors(errors), _describe_failures(ran)),
        "warnings": _describe_warnings(errors, plan),
    }
    if command == "run":
        answer["manifest"] = str(manifest) if manifest else None
    return answer


def _describe_plan(plan: Plan | None) -> dict[str, object]:
    if plan is None:
        return {"budget_usd": None, "estimate_usd": None, "inferences": []}
    return {
        "budget_usd": plan.budget,
        "estimate_usd": {"low": plan.low, "expected": plan.expected, "high": plan.high},
        "inferences": [describe_planned(each) for each in plan.inferences],
    }


def _describe_errors(errors: Sequence[VidiError]) -> list[dict[str, object]]:
    found = [each for each in _problems_of(errors) if each.severity == "error"]
    others = [each for each in errors if not isinstance(each, JobFileError)]
    return [*map(describe_problem, found), *map(describe_vidi_error, others)]


def _join_errors(
    of_the_file: list[dict[str, object]], of_inferences: list[dict[str, object]]
) -> list[dict[str, object]]:
    """All of them; what stopped the run is left to the inference that it was first said of."""
    said = [_words_of(each) for each in of_inferences]
    return [*(each for each in of_the_file if _words_of(each) not in said), *of_inferences]


def _words_of(error: dict[str, object]) -> tuple[object, ...]:
    return error["code"], error["message"], error["hint"]


def _describe_warnings(errors: Sequence[VidiError], plan: Plan | None) -> list[dict[str, object]]:
    problems = [*_problems_of(errors), *(plan.warnings if plan else ())]
    return [describe_problem(each) for each in problems if each.severity == "warning"]


def describe_planned(planned: PlannedInference) -> dict[str, object]:
    """One line of a plan as JSON values."""
    return {
        "id": planned.id,
        "model": planned.model,
        "action": planned.action,
        "reason": planned.reason,
        "estimate_usd": {
            "low": planned.estimate.low,
            "expected": planned.estimate.expected,
            "high": planned.estimate.high,
        },
        "unpriced": planned.estimate.high is None,
        "why": planned.estimate.reason,
        "breakdown": [line.to_json() for line in planned.estimate.lines],
    }


def describe_problem(problem: Problem) -> dict[str, object]:
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


def describe_vidi_error(error: VidiError) -> dict[str, object]:
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


def _describe_failures(ran: Manifest | None) -> list[dict[str, object]]:
    """What went wrong with the inferences of a run."""
    where = {"path": None, "line": None, "column": None}
    return [
        {**where, "id": row["id"], "ids": [row["id"]], **row["error"]}
        for row in (ran["inferences"] if ran else ())
        if row["error"]
    ]


def _problems_of(errors: Sequence[VidiError]) -> list[Problem]:
    return [
        problem for error in errors if isinstance(error, JobFileError) for problem in error.problems
    ]
