"""Which job files a command is about: as named, in a folder, by a pattern, or from stdin."""

from __future__ import annotations

import glob
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from vidi.errors import UsageError
from vidi.file_kinds import real_path
from vidi.jobs.job import STDIN, SUFFIXES
from vidi.jobs.mistakes import did_you_mean
from vidi.jobs.reading.files import MAX_BYTES, refuse_big

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from vidi.jobs.job import Job


def find_job_files(named: Iterable[Path], project: Path) -> tuple[Path, ...]:
    """The job files that a command line names, in the order in which they are named.

    What a folder or a pattern gives comes once; a file that is itself named twice stays so, as that
    is a slip of the pen.

    Args:
        named: Files, folders, patterns and `-`, relative to the current directory or the project.
        project: Where what is not here is looked for.

    Raises:
        UsageError: A folder holds no job file, or a pattern means none.
    """
    found: list[Path] = []
    seen: set[Path] = set()
    for name in named:
        files = list(_expand(name, project))
        several = files != [find_job_file(name, project)]
        found += [path for path in files if not (several and real_path(path) in seen)]
        seen.update(map(real_path, files))
    return tuple(found)


def find_job_file(name: Path, project: Path) -> Path:
    """One job file or folder, here or in the project; as it is named where it is in neither."""
    if name != STDIN and not _is_there(name) and _is_there(project / name):
        return project / name
    return name


def read_stdin() -> bytes:
    """The job that somebody pipes in.

    Raises:
        JobFileError: It is too big.
    """
    data = sys.stdin.buffer.read(MAX_BYTES + 1)
    refuse_big(data, str(STDIN), MAX_BYTES)
    return data


def _expand(name: Path, project: Path) -> Iterator[Path]:
    path = find_job_file(name, project)
    if path.is_dir():
        yield from list_folder(path)
    elif glob.has_magic(str(name)) and not _is_there(path):
        yield from _match(name, project)
    else:
        yield path


def list_folder(folder: Path, *, empty: bool = False) -> list[Path]:
    """The job files of a folder by name; folders in it, which may hold data, are left alone.

    Args:
        folder: The folder.
        empty: Whether it may hold none.

    Raises:
        UsageError: It holds none.
    """
    files = [each for each in folder.iterdir() if each.suffix in SUFFIXES and each.is_file()]
    if not files and not empty:
        raise UsageError(
            f"there is no job file in {folder}",
            hint=f"Job files are its {', '.join('*' + suffix for suffix in SUFFIXES)}.",
        )
    return sorted(each for each in files if not each.name.startswith("."))


def _match(pattern: Path, project: Path) -> Iterator[Path]:
    for whole in (str(pattern), str(project / pattern)):
        found = sorted(map(Path, glob.glob(whole, recursive=True)))  # noqa: PTH207 - it may be absolute
        if files := [each for each in found if each.is_file()]:
            yield from files
            return
    raise UsageError(f"no file matches '{pattern}'", hint="Check the pattern, or -C.")


def _is_there(path: Path) -> bool:
    try:
        return path.exists()
    except (OSError, ValueError):  # a name that no file can have: reading it says so
        return False


class UnknownVariableError(UsageError):
    """--var or --vars-file sets what no job file reads."""

    code = "unknown-variable"


def find_unused_variables(jobs: Sequence[Job | None]) -> Iterator[UnknownVariableError]:
    """The variables from outside that none of the job files has a use for.

    Args:
        jobs: All job files of a command; None for one that could not be read, which may have.
    """
    read = [job for job in jobs if job is not None]
    if len(read) < len(jobs) or not read[0].given_names:
        return
    used = frozenset[str]().union(*(job.used_names for job in read))
    for name in sorted(read[0].given_names - used):
        known = f"Variables: {', '.join(sorted(used))}." if used else "It has no variables."
        yield UnknownVariableError(
            f"no job file uses the variable '{name}'",
            hint=did_you_mean(name, used, otherwise=known),
        )
