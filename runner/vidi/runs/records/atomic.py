"""Files that are there whole or not at all."""

from __future__ import annotations

import os
import stat
from secrets import token_hex
from typing import TYPE_CHECKING

from vidi.errors import StorageError

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path


def replace_text(path: Path, text: str | Iterable[str]) -> Path:
    """Put a text, or its pieces, at `path` as UTF-8: a reader sees the old file or the new one.

    What UTF-8 cannot hold (half a surrogate pair, which JSON can) becomes a question mark.

    Raises:
        StorageError: It cannot be written.
    """
    try:
        pieces = (text,) if isinstance(text, str) else text
        return _replace(path, (piece.encode(errors="replace") for piece in pieces))
    except OSError as error:
        raise StorageError(
            f"cannot write {path}: {error.strerror}",
            hint="Make room or make the folder writable; log.jsonl holds everything until then.",
        ) from error


def replace_bytes(path: Path, content: bytes) -> Path:
    """Put bytes at `path`: a reader, and a disk that is full, sees the old file or the new one.

    Raises:
        OSError: It cannot be written.
    """
    return _replace(path, (content,))


def rewrite_bytes(path: Path, content: bytes) -> None:
    """Change a file that a person holds: its mode stays, and a link stays a link.

    Raises:
        OSError: It cannot be written.
    """
    real = path.resolve()
    mode = stat.S_IMODE(real.stat().st_mode)
    _replace(real, (content,), mode)


def _replace(path: Path, pieces: Iterable[bytes], mode: int | None = None) -> Path:
    # Not `tempfile`: it makes files that only their owner may read, and umask should decide.
    partial = path.with_name(f".vidi-tmp-{token_hex(8)}")
    try:
        with partial.open("xb") as file:
            if mode is not None:
                os.fchmod(file.fileno(), mode)
            file.writelines(pieces)
            file.flush()
            os.fsync(file.fileno())
        return partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)
