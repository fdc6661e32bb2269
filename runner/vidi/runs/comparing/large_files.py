"""Git LFS: where a revision holds a pointer, the file itself is taken, if it is on this machine.

https://github.com/git-lfs/git-lfs/blob/main/docs/spec.md: a pointer is a text of less than 1,024
bytes with the SHA-256 and the size of the content, which lies below `lfs/objects` of the repository
once it has been fetched. Nothing is fetched here, and no filter is run.
"""

from __future__ import annotations

import hashlib
import re
import shutil
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

LONGEST = 1024
_POINTER = re.compile(
    rb"version https://git-lfs\.github\.com/spec/v1\n(?:ext-.*\n)*"
    rb"oid sha256:([0-9a-f]{64})\nsize ([0-9]{1,15})\n"
)


class Pointer(NamedTuple):
    """What stands in a revision for a large file."""

    digest: str
    size: int
    """In bytes."""


def read_pointer(path: Path) -> Pointer | None:
    """The pointer that a file is; None where it is a file of its own."""
    if path.stat().st_size >= LONGEST:
        return None
    found = _POINTER.fullmatch(path.read_bytes())
    return Pointer(found[1].decode(), int(found[2])) if found else None


def put_content(path: Path, pointer: Pointer, places: Iterable[Path]) -> bool:
    """Put the content in the place of its pointer, from wherever it is; False where it is nowhere.

    Args:
        path: The pointer's file.
        pointer: What it says.
        places: Where the content may be.
    """
    for place in places:
        if place.is_file() and place.stat().st_size == pointer.size and _is(place, pointer.digest):
            shutil.copyfile(place, path)
            return True
    return False


def locate_object(objects: Path, digest: str) -> Path:
    """Where git-lfs keeps a content below its own folder."""
    return objects / digest[:2] / digest[2:4] / digest


def _is(path: Path, digest: str) -> bool:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest() == digest
