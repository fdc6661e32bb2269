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
from vidi.inference.tracking.journal.checksum import add_checksum

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from vidi.inference.tracking.journal.position import Position

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
SHARED = (
    "was written by another run while this one goes on, so this one buys nothing more",
    "Run the same command again once the other run has ended: it takes over what is there.",
)
UNLOCKED = (
    "was removed or replaced while this run goes on, so another run may have begun in its folder; "
    "this one buys nothing more",
    "Leave .vidi alone while a run goes on, and run the same command again.",
)
LOST = (
    "What was bought is at the provider, under these ids; nothing in this folder knows of it, so "
    "the same command would buy it again."
)


class JournalFile:
    """The end of a file that lines are appended to; opened at the first of them.

    Args:
        path: The file.
        position: Its end, as far as it counts; what comes after it is a torn line, and is cut off.
            Goes on with every line that is appended.
        lock: The file by whose lock the folder is held; None where nobody holds it.
    """

    def __init__(self, path: Path, position: Position, lock: Path | None = None) -> None:
        self.path = path
        self.displaced: Displaced | None = None
        """Set for good once the file is found not to be where it was opened."""
        self._position = position
        self._found = path.stat().st_size if path.is_file() else 0
        self._descriptor: int | None = None
        self._lock = lock
        self._held: os.stat_result | None = None
        """The lock as it was when the first line was written."""

    def check_alone(self) -> None:
        """Make sure that no other run writes here: asked before and after what may buy something.

        Locks are not enough: `git clean -fdX` takes the lock's file away, and there are file
        systems on which locks do nothing. Two runs that both write an intent both see a file that
        is longer than they left it, so neither of them sends.

        Raises:
            StorageError: Another run has written, or the lock is no longer the one that was taken.
        """
        if self._lock is not None and not _is_still(self._lock, self._held):
            what, hint = UNLOCKED
            raise StorageError(f"{self._lock} {what}", hint=hint)
        if (
            self._descriptor is not None
            and os.fstat(self._descriptor).st_size != self._position.end
        ):
            what, hint = SHARED
            raise StorageError(f"{self.path} {what}", hint=hint)

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

    def append(self, lines: Sequence[bytes], *, first: bool) -> None:
        """Add lines with their checksums and line ends, all of them or none.

        Args:
            lines: JSON objects with at least one field each.
            first: Whether the first of them is the first of its run.

        Raises:
            StorageError: They cannot be written.
        """
        descriptor = self._open()
        places = [self._position.lines if first else 0] + [0] * (len(lines) - 1)
        wholes = [
            add_checksum(line, place) + b"\n" for line, place in zip(lines, places, strict=True)
        ]
        text = b"".join(wholes)
        try:
            _write_whole(descriptor, text)
        except OSError as error:
            with contextlib.suppress(OSError):
                # Half a line would spoil the journal; what somebody else has added stays.
                if os.fstat(descriptor).st_size < self._position.end + len(text):
                    os.ftruncate(descriptor, self._position.end)
            raise self._refuse(error) from error
        for whole in wholes:
            self._position.pass_line(whole)

    def sync(self) -> None:
        """Have what was added survive a power failure from now on.

        Raises:
            StorageError: The disk gives up; what was added is on record all the same.
        """
        if self._descriptor is not None:
            try:
                os.fsync(self._descriptor)
            except OSError as error:
                raise self._refuse(error) from error

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
        self._held = _look_at(self._lock) if self._lock is not None else None
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
        os.ftruncate(descriptor, self._position.end)
        if self._position.end and os.pread(descriptor, 1, self._position.end - 1) != b"\n":
            _write_whole(descriptor, b"\n")
            self._position.pass_end(b"\n")

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


def _is_still(path: Path, then: os.stat_result | None) -> bool:
    """Whether a file is there and the one that it was."""
    now = _look_at(path)
    return then is not None and now is not None and os.path.samestat(then, now)


def _look_at(path: Path) -> os.stat_result | None:
    try:
        return path.stat()
    except OSError:
        return None


def _write_whole(descriptor: int, text: bytes) -> None:
    written = 0
    while written < len(text):
        written += os.write(descriptor, text[written:])


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
