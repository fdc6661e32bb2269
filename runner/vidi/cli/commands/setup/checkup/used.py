"""Which providers and models the job files of a project use."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING

from vidi.errors import Problem, VidiError
from vidi.jobs.job import read_job

if TYPE_CHECKING:
    from pathlib import Path

JOBS = "jobs"
_SUFFIXES = frozenset((".yaml", ".yml", ".json"))
_MOST_FILES = 500
_MOST_ENTRIES = 2000
"""Of one file: its models are seen long before."""


@dataclass(slots=True)
class UsedModels:
    """What the job files name."""

    models: dict[str, str] = field(default_factory=dict)
    """Model id to the first job file that uses it."""
    broken: list[str] = field(default_factory=list)
    """Job files that cannot be read to their end."""

    @property
    def providers(self) -> dict[str, str]:
        """Provider to the first job file that uses it."""
        found: dict[str, str] = {}
        for model, job in self.models.items():
            found.setdefault(model.partition("/")[0], job)
        return found


def find_used_models(project: Path) -> UsedModels:
    """Read every job file below `jobs/`; data files elsewhere in it are none."""
    used = UsedModels()
    paths = sorted((project / JOBS).rglob("*"))
    for path in islice((each for each in paths if _may_be_job(each)), _MOST_FILES):
        _read(path, project, used)
    return used


def _may_be_job(path: Path) -> bool:
    """Whether a file begins as a job file does; the others hold data."""
    if path.suffix.lower() not in _SUFFIXES or not path.is_file():
        return False
    with path.open("rb") as file:
        start = file.read(64 * 1024)
    return b"inferences" in start


def _read(path: Path, project: Path, used: UsedModels) -> None:
    name = path.relative_to(project).as_posix()
    try:
        job = read_job(path, project=project)
        for item in islice(job.inferences(), _MOST_ENTRIES):
            if not isinstance(item, Problem):
                used.models.setdefault(item.model, name)
            elif item.severity == "error":
                used.broken.append(name)
                return
    except VidiError:
        used.broken.append(name)
