"""Files that people wrote: regular ones of the project, their bytes within a limit."""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from vidi.errors import JobFileError, UsageError
from vidi.jobs.mistakes import MistakeError, nearest
from vidi.jobs.reading.source import Source

if TYPE_CHECKING:
    from pathlib import Path

MAX_BYTES = 16 * 1024 * 1024
_LOOKED_AT = 1000
"""How many names of a folder are compared to find the one that was meant."""
_RELATIVE = "Paths are relative to the project directory."
ALLOW = "Copy it into the project, or allow it with --allow-outside."


@dataclass(frozen=True, slots=True)
class ProjectFiles:
    """The files that a job may name: regular ones inside the project, links resolved.

    A job file may come from a stranger's branch: what it can read is what the project holds.
    """

    root: Path
    allow_outside: bool = False
    seen: set[str] = field(default_factory=set, compare=False, repr=False)
    """The names of those that have been read."""

    def locate(self, name: str) -> Path:
        """Where a name leads, links not resolved.

        Raises:
            MistakeError: It leads out of the project.
        """
        path = self.root / name
        if not self.allow_outside and not is_inside(path, self.root):
            raise MistakeError(
                f"{name!r} is outside the project directory", kind="outside", hint=ALLOW
            )
        return path

    def read(self, name: str, limit: int = MAX_BYTES) -> bytes:
        """The bytes of a file that a job names.

        Raises:
            MistakeError: It is missing, outside the project, or no regular file.
            JobFileError: It is too big.
        """
        path = self.locate(name)
        self.seen.add(name)
        try:
            return read_bytes(path, name, limit)
        except UsageError as error:
            hint = suggest_file(path) if not path.exists() else error.hint
            raise MistakeError(error.message, kind="missing-file", hint=hint) from error


def is_inside(path: Path, folder: Path) -> bool:
    """Whether a path is in a folder, or is that folder, after links are resolved."""
    try:
        return path.resolve().is_relative_to(folder.resolve())
    except (OSError, ValueError, RuntimeError):  # a name that no file can have, a loop of links
        return True  # reading it says what is wrong


def suggest_file(path: Path) -> str:
    """The hint for a file that is not there."""
    try:
        with os.scandir(path.parent) as entries:
            names = [each.name for each, _ in zip(entries, range(_LOOKED_AT), strict=False)]
    except (OSError, ValueError):
        return _RELATIVE
    close = nearest(path.name, names)
    return f"Did you mean {close[0]!r} in the same folder?" if close else _RELATIVE


def read_bytes(path: Path, name: str, limit: int = MAX_BYTES) -> bytes:
    """The bytes of a regular file of at most `limit` bytes.

    Raises:
        UsageError: The file cannot be read, or is a folder, a pipe or a device.
        JobFileError: It is too big.
    """
    try:
        with open(path, "rb", opener=_open_at_once) as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                raise UsageError(
                    f"cannot read {name}: it is a pipe or a device, not a file",
                    hint="Save it as a file first.",
                )
            data = file.read(limit + 1)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise UsageError(f"cannot read {name}: {reason}", hint="Check the path.") from error
    refuse_big(data, name, limit)
    return data


def refuse_big(data: bytes, name: str, limit: int) -> None:
    """Make sure that there are at most `limit` bytes.

    Raises:
        JobFileError: There are more.
    """
    if len(data) > limit:
        problem = Source(name, "").problem(
            "too-big",
            f"the file is bigger than {limit // 1024**2} MiB",
            0,
            hint="Split it, or keep the data in a CSV or JSONL file and use `foreach`.",
        )
        raise JobFileError([problem])


def refuse_many(data: bytes, name: str, marks: bytes, most: int, what: str) -> None:
    """Make sure that a file does not hold so much that reading it would fill the memory.

    Args:
        data: What it holds.
        name: What it is called.
        marks: The bytes that begin or end one thing each.
        most: How many of them there may be.
        what: What they count.

    Raises:
        JobFileError: There are more.
    """
    if sum(data.count(bytes([mark])) for mark in marks) > most:
        problem = Source(name, "").problem(
            "too-many-values",
            f"the file holds more than {most:,} {what}",
            0,
            hint="A job is at most 100,000 inferences: split it.",
        )
        raise JobFileError([problem])


def _open_at_once(path: str, flags: int) -> int:
    """Open without waiting: a pipe would wait for a writer that may never come."""
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0))


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
