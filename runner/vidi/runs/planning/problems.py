"""Problems put in order: each at its place in the job file, once, with every id that it hits."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from vidi.errors import Place, Problem
from vidi.inference.models.provider_names import is_provider, provider_names
from vidi.jobs.mistakes import MistakeError, did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from vidi.inference.models.params.checked import ParamProblem
    from vidi.jobs.job import Job
    from vidi.jobs.spec import InferenceSpec

NOWHERE = Place("")


def locate_problem(spec: InferenceSpec, found: ParamProblem) -> Problem:
    """Give a model's complaint about a parameter its place in the job file."""
    path = ("params", *found.path)
    place = spec.places.of_key(*path) if found.on_key else spec.places.of_value(*path)
    return Problem(
        code=found.code,
        message=found.message,
        place=place,
        hint=found.hint,
        ids=(spec.id,),
        severity=found.severity,
        excerpt=spec.places.excerpt(place),
    )


def find_strange_limits(job: Job) -> Iterator[Problem]:
    """The limits of providers that do not exist."""
    for name in job.limits:
        if not is_provider(name):
            known = provider_names()
            hint = did_you_mean(name, known, otherwise=f"Providers: {', '.join(known)}.")
            message = f"there is no provider {name!r}"
            yield job.locate(MistakeError(message, kind="unknown-key", hint=hint), "limits", name)


def collect_problems(problems: Iterable[Problem]) -> tuple[Problem, ...]:
    """Join the same problem at the same place into one, and sort by place."""
    merged: dict[tuple[str, str, Place], Problem] = {}
    ids: dict[tuple[str, str, Place], dict[str, None]] = {}
    for problem in problems:
        key = (problem.code, problem.message, problem.place or NOWHERE)
        merged.setdefault(key, problem)
        ids.setdefault(key, {}).update(dict.fromkeys(problem.ids))
    joined = (replace(problem, ids=tuple(ids[key])) for key, problem in merged.items())
    return tuple(sorted(joined, key=lambda problem: problem.place or NOWHERE))
