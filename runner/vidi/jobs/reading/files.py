"""Files that people wrote: their bytes within a limit, their text in UTF-8."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vidi.errors import JobFileError, UsageError
from vidi.jobs.reading.source import Source

if TYPE_CHECKING:
    from pathlib import Path

MAX_BYTES = 16 * 1024 * 1024


def read_bytes(path: Path, name: str, limit: int = MAX_BYTES) -> bytes:
    """The bytes of a file of at most `limit` bytes.

    Raises:
        UsageError: The file cannot be read.
        JobFileError: It is too big.
    """
    try:
        with path.open("rb") as file:
            data = file.read(limit + 1)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise UsageError(f"cannot read {name}: {reason}", hint="Check the path.") from error
    if len(data) > limit:
        problem = Source(name, "").problem(
            "too-big",
            f"the file is bigger than {limit // 1024**2} MiB",
            0,
            hint="Split it, or keep the data in a CSV or JSONL file and use `foreach`.",
        )
        raise JobFileError([problem])
    return data


def decoded(data: bytes, name: str) -> str:
    """The text of a UTF-8 file, without its byte order mark.

    Raises:
        JobFileError: It is not UTF-8; the place is the first character that is not.
    """
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = error.object[: error.start].decode("utf-8-sig")
        around = error.object[error.start :].decode("utf-8", errors="replace")
        problem = Source(name, before + around).problem(
            "not-utf8",
            f"the file is not UTF-8: byte 0x{error.object[error.start]:02x} fits no character",
            len(before),
            hint="Save it as UTF-8.",
        )
        raise JobFileError([problem]) from error
