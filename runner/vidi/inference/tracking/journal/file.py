"""The journal's file: whole lines at its end, on the disk when it matters, and never lost unseen.

Somebody may delete or move the output folder while a run goes on. What the run writes then still
goes to the very file that it began with; one that was deleted is put back from its open descriptor.
"""

from __future__ import annotations

import contextlib
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

from vidi.errors import StorageError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_PIECE = 1 << 20
ROOM = "Make room or make the folder writable, then run the same command again."


@dataclass(frozen=True, slots=True)
class Displaced:
    """What became of a file that is no longer where it was opened."""

    what: str
    hint: str


DELETED = Displaced(
    "was deleted during the run, and has been put back",
    "Run the same command again: it fetches what was bought, for nothing.",
)
MOVED = Displaced(
    "was moved away or replaced during the run",
    "Move the folder back and run the same command again: it fetches what was bought, for "
    "nothing. Without that log.jsonl it would be bought again.",
)
LOST = (
    "What was bought is at the provider, under these ids; nothing in this folder knows of it, so "
    "the same command would buy it again."
)


class JournalFile:
    """The end of a file that lines are appended to; opened at the first of them.

    Args:
        path: The file.
        whole: Bytes of it that count; what comes after them is a torn line, and is cut off.
    """

    def __init__(self, path: Path, whole: int) -> None:
        self.path = path
        self.displaced: Displaced | None = None
        """Set for good once the file is found not to be where it was opened."""
        self._whole = whole
        self._found = path.stat().st_size if path.is_file() else 0
        self._descriptor: int | None = None

    def check_place(self) -> None:
        """Find out whether the file is still where it was opened; one that was deleted is put back.

        Raises:
            StorageError: It was deleted, and cannot be put back or another one is in its place.
        """
        if self._descriptor is None:
            return
        try:
            there = self.path.stat()
        except FileNotFoundError:
            there = None
        except OSError as error:
            raise self._refuse(error) from error
        ours = os.fstat(self._descriptor)
        if there is not None and os.path.samestat(ours, there):
            return
        if ours.st_nlink:
            self.displaced = MOVED
        elif there is None:
            self._put_back(self._descriptor)
            self.displaced = DELETED
        else:
            raise StorageError(
                f"{self.path} was deleted during the run, and another one is in its place",
                hint=LOST,
            )

    def append(self, line: bytes, *, durable: bool) -> None:
        """Add a line, all of it or nothing.

        Args:
            line: With its line end.
            durable: Whether it is to survive a power failure from now on.

        Raises:
            StorageError: It cannot be written.
        """
        descriptor = self._open()
        try:
            _write_whole(descriptor, line)
            if durable:
                os.fsync(descriptor)
        except OSError as error:
            with contextlib.suppress(OSError):
                os.ftruncate(descriptor, self._whole)  # half a line would spoil the journal
            raise self._refuse(error) from error
        self._whole += len(line)

    def close(self) -> None:
        """Put everything on disk and close the file.

        Raises:
            StorageError: The disk gives up.
        """
        if self._descriptor is None:
            return
        descriptor, self._descriptor = self._descriptor, None
        try:
            os.fsync(descriptor)
        except OSError as error:
            raise self._refuse(error) from error
        finally:
            os.close(descriptor)

    def _open(self) -> int:
        if self._descriptor is not None:
            return self._descriptor
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            flags = os.O_RDWR | os.O_APPEND | (0 if self._found else os.O_CREAT)
            descriptor = os.open(self.path, flags, 0o644)
            self._begin(descriptor)
            _sync_folder(self.path.parent)
        except OSError as error:
            raise StorageError(
                f"cannot open {self.path}: {error.strerror}",
                hint="Make the output folder writable, or name another one with -o.",
            ) from error
        self._descriptor = descriptor
        return descriptor

    def _begin(self, descriptor: int) -> None:
        """Cut off a torn last line, which would swallow the next event; end a whole one.

        Raises:
            StorageError: The file is another one than the one that was read.
        """
        if os.fstat(descriptor).st_size != self._found:
            os.close(descriptor)
            raise StorageError(
                f"{self.path} was changed by somebody else after it was read",
                hint="Run the same command again: it reads it anew.",
            )
        os.ftruncate(descriptor, self._whole)
        if self._whole and os.pread(descriptor, 1, self._whole - 1) != b"\n":
            _write_whole(descriptor, b"\n")
            self._whole += 1

    def _put_back(self, deleted: int) -> None:
        """Write the deleted file anew at its old path; never over another one."""
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_APPEND
            descriptor = os.open(self.path, flags, 0o644)
            for piece in _read_pieces(deleted):
                _write_whole(descriptor, piece)
            os.fsync(descriptor)
            _sync_folder(self.path.parent)
        except OSError as error:
            raise StorageError(
                f"{self.path} was deleted during the run, and cannot be put back: {error.strerror}",
                hint=LOST,
            ) from error
        os.close(deleted)
        self._descriptor = descriptor

    def _refuse(self, error: OSError) -> StorageError:
        return StorageError(f"cannot write {self.path}: {error.strerror}", hint=ROOM)


def _write_whole(descriptor: int, line: bytes) -> None:
    written = 0
    while written < len(line):
        written += os.write(descriptor, line[written:])


def _read_pieces(descriptor: int) -> Iterator[bytes]:
    place = 0
    while piece := os.pread(descriptor, _PIECE, place):
        yield piece
        place += len(piece)


def _sync_folder(folder: Path) -> None:
    file = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(file)
    finally:
        os.close(file)
