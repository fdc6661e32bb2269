"""What a shell may complete: models, and the ids and tags of the job files that are named."""

from __future__ import annotations

import os
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    import click

_MOST = 2000
"""Entries of a job file that are looked at: a shell waits for the answer."""
_STATUSES = ("succeeded", "failed", "moderated", "in_doubt", "unfinished")


def complete_models(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[str]:
    """The ids of models that begin so, or whose own name does."""
    del ctx, param
    from vidi.inference.models.registry import ModelRegistry

    ids = [model.id for model in ModelRegistry([Path("templates")]).list_models()]
    starting = [each for each in ids if each.startswith(incomplete)]
    return starting or [each for each in ids if f"/{incomplete}" in each]


def complete_selectors(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[str]:
    """Ids, tags, models and statuses that the named job files have."""
    del param
    before, comma, last = incomplete.rpartition(",")
    found = dict.fromkeys(_list_selectors(ctx))
    return [f"{before}{comma}{each}" for each in found if each.startswith(last)]


def _typed_files() -> list[str]:
    """The files among the words that were typed: click reads none beside an unfinished option."""
    from click.shell_completion import split_arg_string

    words = split_arg_string(os.environ.get("COMP_WORDS", ""))[1:]
    return [word for word in words if not word.startswith("-") and Path(word).is_file()]


def _list_selectors(ctx: click.Context) -> Iterator[str]:
    from vidi.errors import Problem, VidiError
    from vidi.jobs.job import read_job

    models = []
    for name in ctx.params.get("job_files") or _typed_files():
        try:
            job = read_job(Path(name), project=ctx.params.get("project") or Path())
            for item in islice(job.inferences(), _MOST):
                if not isinstance(item, Problem):
                    yield item.id
                    yield from (f"tag:{tag}" for tag in item.tags)
                    models.append(f"model:{item.model}")
        except VidiError:
            continue
    yield from models
    yield from (f"status:{status}" for status in _STATUSES)
