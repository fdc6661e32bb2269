"""The one JSON object that `--json` prints, also on failure; answer_schema.py says its shape."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import TYPE_CHECKING, Protocol

from vidi.cli.display.price_marks import standing_of
from vidi.errors import JobFileError, Problem
from vidi.inference.models.prices.money import json_number
from vidi.runs.planning.budgets import sum_budgets, sum_up
from vidi.runs.records.json_text import render_json
from vidi.runs.records.warnings import find_warnings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

    from vidi.errors import Place, VidiError
    from vidi.runs.planning.plan import Plan, PlannedInference
    from vidi.runs.records.manifest.shape import InferenceShape, Manifest

SCHEMA_VERSION = 2

Value = dict[str, object]


class DescribedJob(Protocol):
    """What is told of one job file of a command."""

    @property
    def path(self) -> Path:
        """The job file, as it was given."""

    @property
    def exit_code(self) -> int:
        """How it ended."""

    @property
    def plan(self) -> Plan | None:
        """None where it has mistakes."""

    @property
    def errors(self) -> Sequence[VidiError]:
        """What went wrong with it as a whole."""

    @property
    def manifest(self) -> Path | None:
        """Where manifest.json is, once it has been run."""

    @property
    def result(self) -> Manifest | None:
        """What that holds."""


def describe_command(
    command: str,
    jobs: Sequence[DescribedJob],
    *,
    exit_code: int,
    budget: Decimal | None = None,
    errors: Sequence[VidiError] = (),
    list_rows: Callable[[Iterator[Value]], object] = list,
) -> Value:
    """What became of a command about job files, as JSON values: one shape, however many files.

    Args:
        command: run, estimate, validate or diff.
        jobs: Its job files, in the order in which they were given.
        exit_code: That of the command.
        budget: The cap of the command, `--budget`, in USD.
        errors: What went wrong before there was a job file to blame.
        list_rows: Makes a list of the inferences of a job file, or puts that off.
    """
    plans = [job.plan for job in jobs]
    own = [plan.budget if plan is not None else None for plan in plans]
    return {
        "schema_version": SCHEMA_VERSION,
        "command": command,
        "ok": exit_code == 0,
        "exit_code": exit_code,
        "budget_usd": sum_budgets(budget, own),
        "estimate_usd": _sum_estimates(plans),
        "spent_usd": sum((_read_spent(job.result) for job in jobs), Decimal(0)),
        "jobs": [_describe_job(job, list_rows) for job in jobs],
        "errors": [
            *_describe_errors(errors, None),
            *(error for job in jobs for error in _list_errors(job)),
        ],
        "warnings": [_describe(each, job) for job in jobs for each in _find_warnings(job)],
    }


def describe_failure(command: str, error: VidiError) -> Value:
    """The object of any command that failed before it had anything to tell."""
    return {
        "schema_version": 1,
        "command": command,
        "ok": False,
        "exit_code": error.exit_code,
        "errors": list(_describe_errors([error], None)),
    }


def describe_vidi_error(error: VidiError) -> Value:
    """An error of no job file, in the shape that the errors of job files have."""
    return _describe_error(error, None)


def _describe_job(job: DescribedJob, list_rows: Callable[[Iterator[Value]], object]) -> Value:
    plan = job.plan
    rows = {row["id"]: row for row in job.result["inferences"]} if job.result else {}
    return {
        "job_file": job.path.as_posix(),
        "output_dir": plan.output_dir if plan else None,
        "exit_code": job.exit_code,
        "budget_usd": plan.budget if plan else None,
        "estimate_usd": _sum_estimates([plan]),
        "spent_usd": _read_spent(job.result),
        "manifest": str(job.manifest) if job.manifest else None,
        "inferences": list_rows(_describe_inferences(plan, rows)) if plan else [],
    }


def _describe_inferences(plan: Plan, rows: Mapping[str, InferenceShape]) -> Iterator[Value]:
    """Every inference of a plan; what thousands cost is the same and is told in the same words."""
    prices: dict[tuple[int, int, Decimal], tuple[Value, object]] = {}
    for planned in plan.inferences:
        estimate, model = planned.estimate, planned.request.model
        key = (id(estimate), id(model), planned.paid)  # the two are held by the plan
        if key not in prices:
            price = json.loads(render_json(_describe_price(planned)))
            prices[key] = price, json_number(planned.paid)
        yield _describe_inference(planned, rows.get(planned.id), *prices[key])


def _describe_inference(
    planned: PlannedInference, row: InferenceShape | None, price: Value, paid: object
) -> Value:
    """What would be done with one, and what became of it; `row`: the manifest's, once it ran."""
    return {
        "id": planned.id,
        "model": planned.model,
        "action": planned.action,
        "reason": planned.reason,
        **price,
        "status": row["status"] if row else None,
        "actual_usd": row["cost_usd"]["actual"] if row else None,
        "paid_usd": row["cost_usd"]["paid"] if row else paid,
        "assets": [asset["path"] for asset in row["assets"]] if row else [],
    }


def _describe_price(planned: PlannedInference) -> Value:
    estimate = planned.estimate
    return {
        "estimate_usd": _describe_range(estimate.low, estimate.expected, estimate.high),
        "unpriced": estimate.high is None,
        "why": estimate.reason,
        "price": standing_of(planned).to_json(),
        "breakdown": [line.to_json() for line in estimate.lines],
    }


def _sum_estimates(plans: Sequence[Plan | None]) -> Value | None:
    """The sums of some plans; None where one of them could not be made."""
    known = [plan for plan in plans if plan is not None]
    if not plans or len(known) < len(plans):
        return None
    return _describe_range(
        sum((plan.low for plan in known), Decimal(0)),
        sum_up(plan.expected for plan in known),
        sum_up(plan.high for plan in known),
    )


def _describe_range(low: Decimal, expected: Decimal | None, high: Decimal | None) -> Value:
    return {"low": low, "expected": expected, "high": high}


def _read_spent(ran: Manifest | None) -> Decimal:
    return Decimal(str(ran["cost_usd"]["actual"])) if ran else Decimal(0)


# Errors and warnings


def _list_errors(job: DescribedJob) -> Iterator[Value]:
    """All of a job file; what stopped its run is left to the inference that it was said of."""
    failures = list(_describe_failures(job))
    said = [_words_of(each) for each in failures]
    yield from (each for each in _describe_errors(job.errors, job) if _words_of(each) not in said)
    yield from failures


def _describe_errors(errors: Sequence[VidiError], job: DescribedJob | None) -> Iterator[Value]:
    """Errors one by one, and every mistake of those that hold several."""
    for error in errors:
        if isinstance(error, JobFileError):
            yield from (_describe(each, job) for each in error.problems if each.severity == "error")
        else:
            yield _describe_error(error, job)


def _words_of(error: Value) -> tuple[object, ...]:
    return error["code"], error["message"], error["hint"]


def _find_warnings(job: DescribedJob) -> Iterator[Problem]:
    """What is odd about a job file, or about what came of it."""
    for error in job.errors:
        if isinstance(error, JobFileError):
            yield from (each for each in error.problems if each.severity == "warning")
    yield from find_warnings(job.plan.warnings if job.plan else (), job.result)


def _describe(problem: Problem, job: DescribedJob | None) -> Value:
    return describe_problem(problem, job.path.as_posix() if job else None)


def describe_problem(problem: Problem, job_file: str | None) -> Value:
    """One problem; `id` is the first that it hits, `ids` are all of them, `count` is how many.

    Args:
        problem: A mistake or a warning.
        job_file: The job file that it is about; None for all of them.
    """
    place = problem.place
    return {
        "job_file": job_file,
        "path": place.path if place else None,
        "line": place.line or None if place else None,
        "column": place.column or None if place else None,
        "id": problem.ids[0] if problem.ids else None,
        "ids": list(problem.ids),
        "code": problem.code,
        "message": problem.message,
        "hint": problem.hint,
        "count": max(1, len(problem.ids) + problem.more),
        "used_at": _describe_place(problem.via) if problem.via else None,
    }


def _describe_place(place: Place) -> Value:
    return {"path": place.path, "line": place.line, "column": place.column}


def _describe_error(error: VidiError, job: DescribedJob | None) -> Value:
    """An error that is no problem of a job file, in the same shape."""
    return _describe(Problem(error.code, error.message, error.place, error.hint), job)


def _describe_failures(job: DescribedJob) -> Iterator[Value]:
    """What went wrong with the inferences of a run."""
    for row in job.result["inferences"] if job.result else ():
        error = row["error"]
        if error:
            told = Problem(error["code"], error["message"], None, error["hint"], (row["id"],))
            yield _describe(told, job)
