"""Problems put in order: each at its place in the job file, once, with every id that it hits."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from vidi.errors import Place, Problem
from vidi.inference.models.provider_names import is_provider, provider_names
from vidi.jobs.mistakes import MistakeError, did_you_mean, first_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from vidi.jobs.job import Job

NOWHERE = Place("")


def find_strange_limits(job: Job) -> Iterator[Problem]:
    """The limits of providers that do not exist."""
    for mistake in first_of(_strange_names(job.limits)):
        yield job.locate(mistake, "limits")


def _strange_names(names: Iterable[str]) -> Iterator[MistakeError]:
    for name in names:
        if not is_provider(name):
            known = provider_names()  # plug-ins are looked for where a name is strange
            hint = did_you_mean(name, known, otherwise=f"Providers: {', '.join(known)}.")
            message = f"there is no provider {name!r}"
            yield MistakeError(message, kind="unknown-key", hint=hint, path=(name,))


def collect_problems(
    problems: Iterable[Problem], most_ids: int | None = None
) -> tuple[Problem, ...]:
    """Join the same problem at the same place into one, and sort by place.

    Args:
        problems: In any order.
        most_ids: How many inferences each names at most; the rest of them are counted.
    """
    merged: dict[tuple[object, ...], Problem] = {}
    ids: dict[tuple[object, ...], dict[str, None]] = {}
    more: dict[tuple[object, ...], int] = {}
    for problem in problems:
        key = (problem.code, problem.message, problem.place or NOWHERE, problem.via)
        merged.setdefault(key, problem)
        ids.setdefault(key, {}).update(dict.fromkeys(problem.ids))
        more[key] = more.get(key, 0) + problem.more
    joined = (
        _cut(replace(problem, ids=tuple(ids[key]), more=more[key]), most_ids)
        for key, problem in merged.items()
    )
    return tuple(sorted(joined, key=_by_place))


def _cut(problem: Problem, most: int | None) -> Problem:
    """The problem with so many ids named."""
    left = 0 if most is None else len(problem.ids) - most
    if left <= 0:
        return problem
    return replace(problem, ids=problem.ids[:most], more=problem.more + left)


def _by_place(problem: Problem) -> tuple[Place, Place]:
    """Places in the job file come first; rows of data that are used at one follow each other."""
    place = problem.place or NOWHERE
    return problem.via or place, place
