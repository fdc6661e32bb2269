"""What went wrong or is odd, each thing at the line of the job file that it is about."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from vidi.cli.exit_codes import explain_exit
from vidi.errors import JobFileError, Place, Problem, VidiError
from vidi.known_secrets import hide_secrets, remember_secrets

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from vidi.cli.running.job_run import JobRun
    from vidi.cli.running.state import CommandState
    from vidi.runs.records.manifest.shape import InferenceShape

AMISS = frozenset({"failed", "moderated", "in_doubt", "unfinished"})
"""The statuses that somebody must do something about."""
MOST_PLACES = 10
"""How often one error is told: GitHub shows as many annotations of a step, and no more."""
MOST_ANNOTATED = 50
"""How many inferences that did not end well have an annotation each."""


def list_findings(state: CommandState) -> Iterator[Problem]:
    """Whatever the command has to say against its job files: errors first, then warnings.

    Without secrets: what is written to a file is not masked as a log is.
    """
    remember_secrets(state.settings.keys.values())
    yield from map(without_secrets, _list_all(state))


def without_secrets(problem: Problem) -> Problem:
    """The same, as it may be written to a file."""
    message, hint = hide_secrets(problem.message), hide_secrets(problem.hint)
    return replace(problem, message=message, hint=hint)


def _list_all(state: CommandState) -> Iterator[Problem]:
    for error in state.errors:
        yield from locate(error, None)
    for job_run in state.job_runs:
        yield from list_errors(job_run)
    for job_run in state.job_runs:
        yield from job_run.warnings


def list_errors(job_run: JobRun) -> Sequence[Problem]:
    """All errors of one job file: at least one where it did not end with 0."""
    found = list(_list_told(job_run))
    if job_run.exit_code and not found:  # a signal, of which the inferences tell nothing
        code, place = job_run.exit_code, _find_place(job_run)
        found = [Problem(f"exit-{code}", f"exit {code}: {explain_exit(code)}", place)]
    return found


def list_annotated(job_run: JobRun) -> Sequence[Problem]:
    """The first errors of a job file, and how many more there are: a log is read by people."""
    errors = list_errors(job_run)
    rest = len(errors) - MOST_ANNOTATED
    if rest <= 0:
        return errors
    more = Problem("more", f"and {rest:,} more: see the manifest", _find_place(job_run))
    return [*errors[:MOST_ANNOTATED], more]


def _list_told(job_run: JobRun) -> Iterator[Problem]:
    """Its errors and failures; what is told of an inference is not told of the file again."""
    rows = job_run.result["inferences"] if job_run.result and job_run.errors else ()
    told = {row["error"]["message"] for row in rows if row["error"]}
    for error in job_run.errors:
        if error.message not in told:
            yield from locate(error, job_run)
    yield from list_failures(job_run)


def list_failures(job_run: JobRun) -> Iterator[Problem]:
    """The inferences of a run that did not end well, each at its entry."""
    result, amiss = job_run.result, AMISS - _list_accepted(job_run)
    if result is None or not amiss & result["totals"]["by_status"].keys():
        return
    places = _list_places(job_run)
    for row in (row for row in result["inferences"] if row["status"] in amiss):
        place = places.get(row["id"]) or _find_place(job_run)
        yield _describe(row, place, spoils=job_run.exit_code != 0)


def locate(error: VidiError, job_run: JobRun | None) -> Sequence[Problem]:
    """An error as problems: once at each line that it is about, as far as those are known."""
    if isinstance(error, JobFileError):
        return [each for each in error.problems if each.severity == "error"]
    told = Problem(error.code, error.message, error.place, error.hint, error.ids)
    if error.place is not None or job_run is None:
        return [told]
    if error.ids and job_run.plan is not None:
        places = _list_places(job_run)
        found = dict.fromkeys(filter(None, (places.get(name) for name in error.ids)))
        return [replace(told, place=place) for place in list(found)[:MOST_PLACES]] or [told]
    return [replace(told, place=_find_place(job_run, error.key))]


def _describe(row: InferenceShape, place: Place, *, spoils: bool) -> Problem:
    error = row["error"] or {}
    status = row["status"].replace("_", " ")
    said = error.get("message") or row["reason"]
    return Problem(
        error.get("code") or row["status"].replace("_", "-"),
        f"{row['id']}: {status}: {said}",
        place,
        error.get("hint", ""),
        (row["id"],),
        "error" if spoils else "warning",
    )


def _find_place(job_run: JobRun, key: str = "") -> Place:
    """Where a key of the job file stands; else where the file begins, as far as it was read."""
    if job_run.job is None:
        return Place(job_run.path.as_posix())
    return job_run.job.place_of(key)


def _list_places(job_run: JobRun) -> dict[str, Place]:
    planned = job_run.plan.inferences if job_run.plan is not None else ()
    return {each.id: each.place for each in planned if each.place is not None}


def _list_accepted(job_run: JobRun) -> frozenset[str]:
    return job_run.plan.accept if job_run.plan is not None else frozenset()
