"""A file that is still without a name, marked; and what it is by then."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, NamedTuple

from vidi.inference.outputs.keeping.staging import disk_error
from vidi.inference.outputs.marking.mark import mark_file

if TYPE_CHECKING:
    from pathlib import Path

    from vidi.inference.outputs.marking.xmp import Mark


class Marked(NamedTuple):
    """What a file is after it was to be marked."""

    sha256: str
    bytes: int
    original_sha256: str = ""
    """Of what it was before; empty where it is just that."""
    warning: str = ""
    """Why it is not marked."""


def mark_staged(path: Path, content_type: str, sha256: str, size: int, mark: Mark | None) -> Marked:
    """Mark a file before it gets its name.

    Args:
        path: The file.
        content_type: What it is.
        sha256: Of its content.
        size: In bytes.
        mark: What it is to say of itself; None leaves it as it is.

    Raises:
        DownloadError: The disk refuses the file.
        StorageError: The disk is full or read-only.
    """
    if mark is None:
        return Marked(sha256, size)
    try:
        warning = mark_file(path, content_type, mark)
        with path.open("rb") as file:
            now = hashlib.file_digest(file, "sha256").hexdigest()
        original = sha256 if now != sha256 else ""
        return Marked(now, path.stat().st_size, original, warning)
    except OSError as error:
        raise disk_error(path.parent, error) from error
