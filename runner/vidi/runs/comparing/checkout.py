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
    names: frozenset[str]
    """What is there, POSIX, relative to the folder."""
    left_out: tuple[str, ...]
    """What was too much."""


def check_out(git: Git, commit: str, folder: Path) -> Checkout:
    """Write the tracked files of a commit into an empty folder.

    Raises:
        GitError: git fails, or it takes too long.
    """
    folder = folder.resolve()
    ends = time.monotonic() + LONGEST_S
    taken, left_out = _choose(blob for blob in git.list_blobs(commit) if _is_sound(blob.name))
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
    for path in _link(links, folder):
        written.add(path.relative_to(folder).as_posix())
    return Checkout(folder, frozenset(written), tuple(blob.name for blob in left_out))


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
