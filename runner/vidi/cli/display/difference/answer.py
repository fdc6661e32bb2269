"""The answer of `vidi diff --json`: that of every command about job files, and what differs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vidi.cli.display.json_answer import describe_problem
from vidi.runs.comparing.amounts import UNKNOWN, Amounts

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from vidi.errors import Problem
    from vidi.runs.comparing.changes import Change, Sums
    from vidi.runs.comparing.comparison import ComparedJob, Comparison

Value = dict[str, object]


def add_difference(
    answer: Value, comparison: Comparison | None, warnings: Sequence[Problem]
) -> Value:
    """Add to an answer what differs, at its top and in each of its job files.

    Args:
        answer: As `describe_command` has it.
        comparison: None where HEAD has mistakes, so that nothing could be compared.
        warnings: What is odd about BASE.
    """
    odd = [describe_problem(each, each.place.path if each.place else None) for each in warnings]
    answer["warnings"] = [*_list(answer, "warnings"), *odd]
    known = {str(job["job_file"]): job for job in _list(answer, "jobs")}
    if comparison is None:
        answer["jobs"] = [{**job, **_UNCOMPARED} for job in known.values()]
        return {**answer, "base": None, "head": None, **_UNCOMPARED, "by_model": {}}
    if not known:
        answer["estimate_usd"] = Amounts().to_json()
    answer["jobs"] = [_describe_job(job, known) for job in comparison.jobs]
    every = [each for job in comparison.jobs for each in _list_changes(job)]
    return {
        **answer,
        "base": comparison.base,
        "head": comparison.head,
        **_describe_sums(comparison.sums),
        "by_model": {name: _describe_sums(each) for name, each in comparison.by_model.items()},
        "changes": every,
    }


def _list(answer: Value, name: str) -> list[Value]:
    found = answer[name]
    return found if isinstance(found, list) else []


def _describe_job(job: ComparedJob, known: Mapping[str, Value]) -> Value:
    return {
        **known.get(job.path.as_posix(), _describe_removed(job)),
        "file": job.kind,
        "was": job.was,
        **_describe_sums(job.sums),
        "changes": list(_list_changes(job)),
    }


def _describe_removed(job: ComparedJob) -> Value:
    """A job file that is gone, in the shape that all have."""
    return {
        "job_file": job.path.as_posix(),
        "output_dir": None,
        "exit_code": 0,
        "budget_usd": None,
        "estimate_usd": Amounts().to_json(),
        "spent_usd": 0,
        "manifest": None,
        "inferences": [],
    }


def _describe_sums(sums: Sums) -> Value:
    return {
        "before_usd": sums.before.to_json(),
        "after_usd": sums.after.to_json(),
        "difference_usd": sums.difference.to_json(),
    }


def _list_changes(job: ComparedJob) -> Iterator[Value]:
    for each in job.changes:
        yield _describe_change(each, job)


def _describe_change(change: Change, job: ComparedJob) -> Value:
    return {
        "job_file": job.path.as_posix(),
        "id": change.id,
        "change": change.change,
        "was": change.was,
        "model": change.model,
        "params": {name: each.to_json() for name, each in change.params.items()},
        "fields": {name: each.to_json() for name, each in change.fields.items()},
        "before_usd": change.before.to_json(),
        "after_usd": change.after.to_json(),
        "action": change.action,
        "reason": change.reason,
    }


_UNCOMPARED: Value = {
    "before_usd": UNKNOWN.to_json(),
    "after_usd": UNKNOWN.to_json(),
    "difference_usd": UNKNOWN.to_json(),
    "changes": [],
}
