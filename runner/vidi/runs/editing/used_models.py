"""The models that a job file uses."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

from vidi.errors import Problem
from vidi.inference.models.registry import UnknownModelError
from vidi.jobs.rendering.detect import has_template

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from vidi.inference.models.registry import ModelRegistry
    from vidi.inference.models.template import ModelInfo
    from vidi.jobs.job import Job

_MOST = 10_000
"""Inferences that are looked at for ids that only an expansion knows."""


def find_used_models(jobs: Iterable[Job], registry: ModelRegistry) -> list[ModelInfo]:
    """Every model that job files name, the first first; ids that nobody knows are left out.

    Raises:
        TemplateError: The template of one is broken.
    """
    found: dict[str, ModelInfo] = {}
    for job in jobs:
        for model_id in dict.fromkeys(_named_models(job)):
            try:
                model = registry.get_template(model_id)
            except UnknownModelError:
                continue
            found.setdefault(model.id, model)
    return list(found.values())


def _named_models(job: Job) -> Iterator[str]:
    """The ids that stand in the file, and those that its templates give; mistakes do not matter."""
    written = [each for each in job.written_models if isinstance(each, str)]
    yield from (each for each in written if not has_template(each))
    if any(map(has_template, written)):
        made = islice(job.inferences(), _MOST)
        yield from (each.model for each in made if not isinstance(each, Problem))
