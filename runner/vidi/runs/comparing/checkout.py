"""The project as a revision has it, in a folder of its own that goes away again.

Only what is tracked comes, as it is stored: regular files, and links that stay inside. A stranger's
tree may be big or odd, so there is a limit to its files and bytes: the biggest are left out first.
"""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from vidi.runs.comparing.git import GitError
from vidi.runs.comparing.large_files import locate_object, put_content, read_pointer

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from vidi.runs.comparing.git import Blob, Git

MOST_FILES = 100_000
MOST_BYTES = 1024**3
LONGEST_S = 300.0
"""Seconds for all of it."""
LINK = "120000"
LONGEST_LINK = 4096


@dataclass(frozen=True, slots=True)
class Checkout:
    """The tracked files of a revision, on disk."""

    folder: Path
    """Where the project is."""
    names: frozenset[str]
    """What is there, POSIX, relative to the project."""
    left_out: tuple[str, ...]
    """What was too much, or is held by git-lfs and not on this machine."""


def check_out(git: Git, commit: str, folder: Path, project: Path, *, whole: bool) -> Checkout:
    """Write the tracked files of a commit into an empty folder.

    Args:
        git: The repository.
        commit: Its name.
        folder: The folder.
        project: The same in the working tree.
        whole: Whether files of the repository outside the project are wanted too.

    Raises:
        GitError: git fails, or it takes too long.
    """
    folder = folder.resolve()
    ends = time.monotonic() + LONGEST_S
    blobs = git.list_blobs(commit, whole=whole)
    taken, left_out = _choose(blob for blob in blobs if _is_sound(blob.name))
    links: list[tuple[Path, str]] = []
    written = set()
    for blob, content in git.read_blobs(taken):
        if time.monotonic() > ends:
            raise GitError(f"reading the revision takes longer than {LONGEST_S:.0f} s")
        path = folder / blob.name
        if blob.mode == LINK:
            links.append((path, os.fsdecode(b"".join(content))))
        elif _write(path, content):
            written.add(blob.name)
    prefix = git.find_prefix() if whole else ""
    lost = _put_large_files(git, folder, written, _find_top(project, prefix))
    for path in _link(links, folder):
        written.add(path.relative_to(folder).as_posix())
    (folder / prefix).mkdir(parents=True, exist_ok=True)
    within = f"{prefix}/" if prefix else ""
    names = (name.removeprefix(within) for name in written if name.startswith(within))
    missed = (*(blob.name for blob in left_out), *lost)
    return Checkout(folder / prefix, frozenset(names), missed)


def _find_top(project: Path, prefix: str) -> Path:
    """The folder of the working tree that what was checked out is of."""
    return project.resolve().parents[prefix.count("/")] if prefix else project


def _put_large_files(git: Git, folder: Path, names: Iterable[str], top: Path) -> list[str]:
    """Have what is on this machine of the files that git-lfs holds; returns what is not."""
    found = [(name, pointer) for name in names if (pointer := read_pointer(folder / name))]
    objects = git.find_large_files() if found else top
    size = 0
    lost = []
    for name, pointer in found:
        size += pointer.size
        places = (locate_object(objects, pointer.digest), top / name)
        if size > MOST_BYTES or not put_content(folder / name, pointer, places):
            lost.append(name)
    return lost


def _choose(blobs: Iterable[Blob]) -> tuple[list[Blob], list[Blob]]:
    """What is taken, the small ones first, and what is too much."""
    taken: list[Blob] = []
    left_out: list[Blob] = []
    size = 0
    for blob in sorted(blobs, key=lambda each: each.size):
        size += blob.size
        fits = size <= MOST_BYTES and len(taken) < MOST_FILES
        odd = blob.mode == LINK and blob.size > LONGEST_LINK
        (taken if fits and not odd else left_out).append(blob)
    return taken, left_out


def _is_sound(name: str) -> bool:
    """Whether a name of a tree is one below the folder; a tree may be made by hand."""
    parts = name.split("/")
    odd = {"", ".", ".."} & set(parts) or any(part.lower() == ".git" for part in parts)
    return not (odd or PurePosixPath(name).is_absolute() or "\\" in name or ":" in parts[0])


def _write(path: Path, content: Iterator[bytes]) -> bool:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("xb") as file:
            file.writelines(content)
    except (OSError, ValueError):  # a name that this system cannot hold: who needs it misses it
        for _ in content:
            pass
        return False
    return True


def _link(links: Iterable[tuple[Path, str]], folder: Path) -> list[Path]:
    """Make links, when all files are there; those that lead out are taken away again."""
    made = []
    for path, target in links:
        if path.parent.resolve() != path.parent:
            continue  # below another link: git itself would not write through it
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.symlink_to(target)
        except (OSError, ValueError):
            continue
        made.append(path)
    inside = [path for path in made if _stays(path, folder)]
    for path in set(made) - set(inside):
        path.unlink()
    return inside


def _stays(path: Path, root: Path) -> bool:
    try:
        return path.resolve().is_relative_to(root)
    except (OSError, RuntimeError):
        return False
