"""Which files of a project are job files, told by what they hold."""

from __future__ import annotations

import json
import re
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from vidi.errors import JobFileError, UsageError
from vidi.jobs.job import SUFFIXES
from vidi.jobs.reading.files import is_inside, read_bytes

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

PATTERNS = tuple(f"*{suffix}" for suffix in SUFFIXES)
"""The same for git, which matches them in every folder."""
_KEY = re.compile(rb"^(?:inferences|'inferences'|\"inferences\")[ \t]*:", re.MULTILINE)
_IN_FLOW = re.compile(rb"[{,]\s*(?:inferences|'inferences'|\"inferences\")\s*:")


def find_job_names(folder: Path, names: Iterable[str]) -> Iterator[str]:
    """Those of some files of a folder that are job files; hidden ones are left alone.

    Args:
        folder: Where they are.
        names: POSIX, relative to the folder.
    """
    for name in names:
        path = PurePosixPath(name)
        hidden = any(part.startswith(".") for part in path.parts)
        if path.suffix not in SUFFIXES or hidden or not is_inside(folder / name, folder):
            continue
        if _is_job_file(folder / name, name):
            yield name


def _is_job_file(path: Path, name: str) -> bool:
    try:
        data = read_bytes(path, name)
    except (UsageError, JobFileError):  # it is gone, or too big for one
        return False
    if b"inferences" not in data:
        return False
    return _holds_inferences(data) if data.lstrip().startswith(b"{") else bool(_KEY.search(data))


def _holds_inferences(data: bytes) -> bool:
    """Whether a mapping in braces has them at its top; a manifest has them too, and is no job."""
    try:
        value = json.loads(data)
    except (ValueError, RecursionError):
        return _IN_FLOW.search(data) is not None
    return isinstance(value, dict) and "inferences" in value and "schema_version" not in value
