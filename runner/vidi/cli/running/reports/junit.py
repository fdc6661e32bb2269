"""The JUnit report of a command about job files, whatever becomes of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vidi.cli.running.reports.findings import without_secrets
from vidi.errors import JobFileError, Problem, VidiError
from vidi.runs.records.junit import JobReport, write_junit

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from vidi.cli.running.job_run import JobRun
    from vidi.cli.running.state import CommandState


def write_junit_report(state: CommandState, path: Path) -> None:
    """Report every job file as far as it came: run, priced, or with its mistakes.

    Raises:
        StorageError: The file cannot be written.
    """
    reports = [_report(job_run) for job_run in state.job_runs]
    if state.errors:
        reports.append(JobReport("vidi", errors=list(_list_problems(state.errors))))
    write_junit(path, *reports)


def _report(job_run: JobRun) -> JobReport:
    told = {
        row["error"]["message"]
        for row in (job_run.result["inferences"] if job_run.result else ())
        if row["error"]
    }
    errors = [each for each in _list_problems(job_run.errors) if each.message not in told]
    path, warnings = job_run.path.as_posix(), [without_secrets(each) for each in job_run.warnings]
    return JobReport(path, job_run.result, job_run.plan, warnings, errors)


def _list_problems(errors: Iterable[VidiError]) -> Iterator[Problem]:
    for error in errors:
        if isinstance(error, JobFileError):
            wrong = (each for each in error.problems if each.severity == "error")
            yield from map(without_secrets, wrong)
        else:
            yield without_secrets(Problem(error.code, error.message, error.place, error.hint))
