"""The steps of `vidi lock`: find the models, pin them, show what differs, write."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from vidi.cli.display.console import Console
from vidi.cli.running.job_files import find_job_files
from vidi.cli.running.job_run import open_registry
from vidi.cli.running.pinned import describe_difference, load_lock, pin_models
from vidi.errors import Problem
from vidi.inference.models.about import registry_version
from vidi.inference.models.lock import NAME, LockDifference, compare_locks, write_lock
from vidi.jobs.job import load_job
from vidi.runs.records.atomic import replace_text
from vidi.runs.records.json_text import render_json

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
FIRST = ("prices", "template", "not pinned", "not used")
"""In which order differences are shown."""


@dataclass(frozen=True, slots=True)
class LockOptions:
    """What the command line says of a lock."""

    job_files: tuple[Path, ...]
    project: Path
    templates: Path | None
    var: tuple[str, ...]
    vars_file: tuple[Path, ...]
    check: bool
    json_wanted: bool


def renew_lock(options: LockOptions) -> int:
    """Pin the models of job files.

    Raises:
        UsageError: There is no job file, one cannot be read, or the lock before is none.
        JobFileError: A job file has mistakes.
        UnknownModelError: A job file names a model that has no template.
    """
    console = Console(json_wanted=options.json_wanted)
    registry = open_registry(options.project, options.templates, allow_outside=True)
    paths = find_job_files(options.job_files or (Path("jobs"),), options.project)
    names = dict.fromkeys(name for path in paths for name in _models_of(path, options))
    now = pin_models(registry, [registry.get_template(name) for name in names])
    path = options.project / NAME
    before = load_lock(options.project) if path.is_file() else {}
    differences = sorted(compare_locks(before, now), key=lambda each: FIRST.index(each.what))
    for each in differences:
        console.say(describe_difference(each), style="yellow")
    code = 3 if options.check and differences else 0
    count = f"{len(now)} model{'' if len(now) == 1 else 's'}"
    if options.check:
        console.say(f"{count} in use, {len(differences)} not as {path.as_posix()} has it")
    else:
        replace_text(path, write_lock(now, *registry_version()))
        console.say(f"pinned {count} in {path.as_posix()}")
    if options.json_wanted:
        answer = _as_json(path, sorted(now), differences, code)
        console.print_data(render_json(answer).rstrip("\n"))
    return code


def _models_of(path: Path, options: LockOptions) -> Iterator[str]:
    job = load_job(
        path, project=options.project, var=options.var, vars_files=options.vars_file,
        allow_outside=True,
    )  # fmt: skip
    yield from (each.model for each in job.inferences() if not isinstance(each, Problem))


def _as_json(
    path: Path, models: Sequence[str], differences: Sequence[LockDifference], code: int
) -> dict[str, object]:
    return {
        "schema_version": 1,
        "command": "lock",
        "ok": code == 0,
        "exit_code": code,
        "path": path.as_posix(),
        "models": models,
        "differences": [
            {
                "id": each.id,
                "what": each.what,
                "before_usd": each.was.example_usd if each.was else None,
                "after_usd": each.now.example_usd if each.now else None,
            }
            for each in differences
        ],
    }
