"""Two states of a project's job files, compared: file by file, and in sum."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from vidi.runs.comparing.changes import Change, Sums, sum_by_model, sum_changes

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from vidi.errors import Problem
    from vidi.runs.planning.plan import Plan


@dataclass(frozen=True, slots=True)
class ComparedJob:
    """One job file on both sides."""

    path: Path
    """What it is called."""
    kind: Literal["added", "removed", "kept"]
    """Whether the file as a whole has come or gone."""
    changes: tuple[Change, ...]
    plan: Plan | None = None
    """What a run of it would do now; None where it is gone."""
    base_path: Path | None = None
    """What it is called in BASE; None where it is not there."""

    @property
    def sums(self) -> Sums:
        """What it costs to make, before and after."""
        return sum_changes(self.changes)

    @property
    def was(self) -> str | None:
        """What it is called in BASE, where that is another name."""
        base = self.base_path
        return base.as_posix() if base is not None and base != self.path else None

    @property
    def differing(self) -> tuple[Change, ...]:
        """The entries that are not as they were."""
        return tuple(each for each in self.changes if each.change != "unchanged")

    @property
    def differs(self) -> bool:
        """Whether anything of it is not as it was."""
        return self.kind != "kept" or bool(self.differing)


@dataclass(frozen=True, slots=True)
class Comparison:
    """Everything that differs between two sides."""

    base: str
    """What people call it."""
    head: str
    jobs: tuple[ComparedJob, ...]
    warnings: tuple[Problem, ...] = field(default=())
    """What is odd about BASE, and stops nothing."""

    @property
    def changes(self) -> tuple[Change, ...]:
        """Every entry of every job file."""
        return tuple(change for job in self.jobs for change in job.changes)

    @property
    def differs(self) -> bool:
        """Whether anything is not as it was."""
        return any(job.differs for job in self.jobs)

    @property
    def sums(self) -> Sums:
        """What everything costs to make, before and after."""
        return sum_changes(self.changes)

    @property
    def by_model(self) -> Mapping[str, Sums]:
        """The same for each model."""
        return sum_by_model(self.changes)
