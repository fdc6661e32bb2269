"""What BASE and HEAD of a comparison name: job files, folders, git revisions, the working tree."""

from __future__ import annotations

import os
import tempfile
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from vidi.cli.running.job_files import find_job_file, list_folder
from vidi.errors import UsageError
from vidi.jobs.job import SUFFIXES
from vidi.jobs.reading.files import MAX_BYTES, read_bytes, suggest_file
from vidi.runs.comparing.checkout import check_out
from vidi.runs.comparing.git import Git, GitError
from vidi.runs.comparing.job_files import PATTERNS, find_job_names

if TYPE_CHECKING:
    import contextlib
    from collections.abc import Mapping

    from vidi.cli.run_options import RunOptions

MOST_JOB_FILES = 1000
SHOWN_DIGITS = 10
"""Of a commit's name."""
FORK = "..."


@dataclass(frozen=True, slots=True)
class Side:
    """One state of a project, and the job files that it has."""

    title: str
    """What people call it."""
    project: Path
    """Where its files are."""
    job_files: Mapping[str, Path]
    """Each job file by what it is matched with on the other side, and where it is."""
    tracked: frozenset[str] | None = None
    """What a revision holds, relative to the project; None where it is the working tree."""
    left_out: tuple[str, ...] = ()
    """What was too big to be read, or is not on this machine."""


@dataclass(frozen=True, slots=True)
class Sides:
    """Both states."""

    base: Side
    head: Side
    titles: Mapping[str, Path] = field(default_factory=dict)
    """What messages call each job file."""


@dataclass(frozen=True, slots=True)
class _Named:
    """What an argument means: a path of the working tree, or a revision and a path in it."""

    text: str
    path: Path | None = None
    commit: str | None = None
    within: str | None = None
    """POSIX, relative to the project; None for all of it."""


def find_sides(
    base: str, head: str | None, options: RunOptions, held: contextlib.ExitStack
) -> Sides:
    """Find both sides of a comparison.

    Args:
        base: A job file, a folder or a revision.
        head: The same; None for the working tree, where BASE is a revision.
        options: Which project of the working tree is meant, and whether files outside it are.
        held: Keeps what is read of a revision until the command ends.

    Raises:
        UsageError: One of them is nothing of that, or they do not go together.
    """
    if not options.project.is_dir():
        raise UsageError(f"there is no folder {options.project}", hint="Check -C.")
    finder = _Finder(options.project, held, whole=options.allow_outside)
    one = finder.read(base)
    other = finder.read(head) if head is not None else _Named("the working tree")
    if head is None and one.path is not None:
        raise UsageError(
            f"{base} is compared with nothing",
            hint=f"Name what it has become as well, or a revision first: vidi diff HEAD {base}",
        )
    if one.path is not None and other.path is not None:
        return finder.pair_paths(one.path, other.path)
    return finder.pair_trees(one, other)


class _Finder:
    """Finds the sides of one comparison in one project."""

    def __init__(self, project: Path, held: contextlib.ExitStack, *, whole: bool) -> None:
        self._project = project
        self._whole = whole
        """Whether a revision's files outside the project are wanted too."""
        self._held = held
        self._git = Git(project)

    def read(self, text: str) -> _Named:
        """What an argument means; what is there as a file or folder is that."""
        if text.startswith("-") or not text.isprintable() or not text:
            raise UsageError(
                f"{text!r} is no job file, folder or revision",
                hint="Names of revisions do not begin with '-'.",
            )
        path = find_job_file(Path(text), self._project)
        if path.exists():
            return _Named(text, path=path)
        revision, colon, within = text.partition(":")
        try:
            commit = self._find_commit(revision)
        except GitError as error:
            raise UsageError(
                f"'{text}' is no job file or folder, and {error.message}", hint=error.hint
            ) from error
        if commit is None:
            raise UsageError(
                f"'{text}' is neither a job file or folder, nor a git revision",
                hint=self._suggest(path, revision),
            )
        return _Named(text, commit=commit, within=within.rstrip("/") or None if colon else None)

    def _find_commit(self, revision: str) -> str | None:
        one, dots, other = revision.partition(FORK)
        if dots:
            ends = [self._git.find_commit(each or "HEAD") for each in (one, other)]
            return self._git.find_fork(*map(str, ends)) if None not in ends else None
        return self._git.find_commit(revision)

    def _suggest(self, path: Path, revision: str) -> str:
        if path.suffix in SUFFIXES:
            return suggest_file(path)
        if ".." in revision.replace(FORK, ""):
            return "Write the two revisions apart: vidi diff BASE HEAD."
        branch = revision.removesuffix(FORK).removeprefix("origin/")
        return (
            f"Is it fetched? A shallow clone knows few revisions: git fetch origin {branch} "
            "(in CI: fetch-depth: 0)."
        )

    def pair_paths(self, one: Path, other: Path) -> Sides:
        """Two job files, whatever their names; or two folders, file by file of the same name."""
        if one.is_dir() != other.is_dir():
            raise UsageError(
                f"{one} and {other} are a file and a folder",
                hint="Compare a job file with a job file, and a folder with a folder.",
            )
        if one.is_dir():
            base, head = ({each.name: each for each in list_folder(path)} for path in (one, other))
        else:
            base, head = {other.name: one}, {other.name: other}
        return Sides(
            Side(one.as_posix(), self._project, base),
            Side(other.as_posix(), self._project, head),
            {**base, **head},
        )

    def pair_trees(self, one: _Named, other: _Named) -> Sides:
        """A revision with another one, or with the working tree: the same files of both."""
        within = next((name for each in (one, other) if (name := self._within(each))), None)
        base, head = self._open(one), self._open(other)
        if within is None:
            names = self._find_everywhere(base, head)
        elif PurePosixPath(within).suffix in SUFFIXES:
            names = {within}
        else:
            names = {
                f"{within}/{path.name}"
                for side in (base, head)
                if (side.project / within).is_dir()
                for path in list_folder(side.project / within, empty=True)
            }
        found = [_keep(side, names) for side in (base, head)]
        if not found[0].job_files and not found[1].job_files:
            raise UsageError(
                f"there is no job file {within or 'here'}, nor in {one.text}",
                hint="A job file is YAML or JSON with `inferences` at its top.",
            )
        if len(names) > MOST_JOB_FILES:
            raise UsageError(
                f"{len(names):,} job files are more than can be compared at once",
                hint="Name a folder of them.",
            )
        titles = {name: self._project / name for name in sorted(names)}
        return Sides(found[0], found[1], titles)

    def _within(self, named: _Named) -> str | None:
        if named.path is None:
            return named.within
        name = Path(os.path.relpath(named.path, self._project))
        if name.parts[:1] == (os.pardir,):
            raise UsageError(
                f"{named.path} is outside the project directory", hint="Name the project with -C."
            )
        return name.as_posix() if name.parts else None

    def _open(self, named: _Named) -> Side:
        if named.commit is None:
            return Side(named.text, self._project, {})
        folder = Path(self._held.enter_context(tempfile.TemporaryDirectory(prefix="vidi-diff-")))
        there = check_out(self._git, named.commit, folder, self._project, whole=self._whole)
        title = f"{named.text} ({named.commit[:SHOWN_DIGITS]})"
        return Side(title, there.folder, {}, there.names, there.left_out)

    def _find_everywhere(self, *sides: Side) -> set[str]:
        """What is a job file on either side: one that no longer is one is not simply gone."""
        names: set[str] = set()
        for side in sides:
            listed = side.tracked
            candidates = sorted(listed) if listed is not None else self._git.list_files(PATTERNS)
            names.update(find_job_names(side.project, candidates))
        return names


def _keep(side: Side, names: set[str]) -> Side:
    there = {name: side.project / name for name in sorted(names)}
    return replace(side, job_files={name: path for name, path in there.items() if path.is_file()})


def read_contents(side: Side, titles: Mapping[str, Path]) -> dict[Path, bytes]:
    """What the job files of a revision hold, by what messages call them."""
    root = side.project.resolve()
    return {
        titles[name]: read_bytes(path, titles[name].as_posix(), MAX_BYTES)
        for name, path in side.job_files.items()
        if path.resolve().is_relative_to(root)
    }


def options_for(side: Side, options: RunOptions) -> RunOptions:
    """The options as they mean a side; what a revision does not hold is taken as it is now."""
    if side.tracked is None:
        return options
    templates = options.templates
    if templates is not None and not (side.project / templates).is_dir():
        templates = (options.project / templates).absolute()
    vars_files = tuple(
        _find_vars_file(side, options.project, path, number)
        for number, path in enumerate(options.vars_file)
    )
    return replace(options, project=side.project, templates=templates, vars_file=vars_files)


def _find_vars_file(side: Side, project: Path, path: Path, number: int) -> Path:
    name = Path(os.path.relpath(path, project)).as_posix()
    if name in (side.tracked or ()):
        return side.project / name
    copy = side.project / f".vidi-vars-{number}{path.suffix}"
    if not copy.exists():
        copy.write_bytes(read_bytes(path, str(path)))
    return copy
