"""Schemas of job files, made and written."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from vidi.cli.commands.setup.editor.modeline import schema_beside, set_modeline
from vidi.cli.commands.setup.editor.settings import merge_settings
from vidi.runs.editing.job_schema import job_schema_for
from vidi.runs.editing.known_models import list_known_models
from vidi.runs.editing.used_models import find_used_models
from vidi.runs.records.atomic import replace_text
from vidi.runs.records.json_text import render_json

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from vidi.inference.models.registry import ModelRegistry
    from vidi.jobs.job import Job
    from vidi.runs.editing.params import Schema

SHARED = Path("job.schema.json")
"""The schema of every job file of a project."""
SETTINGS = Path(".vscode/settings.json")
_EVERY = ("jobs/*.yaml", "jobs/*.yml")


def schema_of_jobs(jobs: Sequence[Job], registry: ModelRegistry) -> Schema:
    """The schema of job files, with the params of the models that they use.

    Raises:
        TemplateError: The template of one is broken.
    """
    return job_schema_for(find_used_models(jobs, registry), list_known_models(registry))


def schema_of_all(registry: ModelRegistry) -> Schema:
    """The schema of job files, with the params of every model.

    Raises:
        TemplateError: A template is broken.
    """
    return job_schema_for(registry.list_models(), ())


def write_own_schemas(
    jobs: Sequence[Job], registry: ModelRegistry, *, settings: bool
) -> Iterator[Path]:
    """Write the schema of each job file beside it; gives each file that was written.

    Raises:
        UsageError: A file cannot be read or written.
        StorageError: A schema cannot be written.
    """
    for job in jobs:
        path = schema_beside(job.path)
        yield replace_text(path, render_json(schema_of_jobs([job], registry)))
        if set_modeline(job.path, path):
            yield job.path
        if settings and merge_settings(SETTINGS, _from_here(path), [_from_here(job.path)]):
            yield SETTINGS


def _from_here(path: Path) -> str:
    """A path relative to the project, as the settings have it."""
    return os.path.relpath(path).replace(os.sep, "/")


def write_shared_schema(schema: object, jobs: Sequence[Job], *, settings: bool) -> Iterator[Path]:
    """Write one schema for every job file; gives each file that was written.

    Raises:
        UsageError: A file cannot be read or written.
        StorageError: The schema cannot be written.
    """
    # With every model it has 17 MB where each value has a line of its own, and 7 without.
    yield replace_text(SHARED, render_json(schema, indented=False))
    for job in jobs:
        if set_modeline(job.path, SHARED):
            yield job.path
    if settings and merge_settings(SETTINGS, SHARED.as_posix(), _EVERY):
        yield SETTINGS
