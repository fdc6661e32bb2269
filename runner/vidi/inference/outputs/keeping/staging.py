"""A file on its way: written beside its target under another name, hashed as it is written."""

from __future__ import annotations

import errno
import hashlib
import os
import secrets
import threading
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Self

from vidi.errors import DownloadError, StorageError

if TYPE_CHECKING:
    from collections.abc import Iterable

_AHEAD_BYTES = 16 * 1024 * 1024
"""How much is written before the system is asked to bring it to the disk, ahead of the fsync."""

PREFIX = ".vidi-tmp-"
"""How the name of every unfinished file begins."""
_GIVES_UP = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EIO})
"""What the disk says when it would take no other file either."""


class Staging:
    """One temporary file. Safe to discard from another thread than the one that writes."""

    def __init__(self, path: Path, descriptor: int) -> None:
        self.path = path
        self.size = 0
        self._sent_ahead = 0
        self._hash = hashlib.sha256()
        self._file = os.fdopen(descriptor, "wb", buffering=0)
        self._lock = threading.Lock()

    @classmethod
    def open(cls, parent: Path) -> Self:
        """Begin a file in a folder, which is made where it is missing.

        Raises:
            DownloadError: The folder or the file cannot be made.
            StorageError: The disk is full or read-only.
        """
        path = parent / f"{PREFIX}{secrets.token_hex(8)}"
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
        try:
            try:
                return cls(path, os.open(path, flags, 0o666))
            except FileNotFoundError:  # the first file of the folder
                parent.mkdir(parents=True, exist_ok=True)
                return cls(path, os.open(path, flags, 0o666))
        except OSError as error:
            raise disk_error(parent, error) from error

    def write(self, pieces: Iterable[bytes]) -> None:
        """Append, and hash what is appended.

        Raises:
            DownloadError: The disk refuses this file.
            StorageError: It is full or read-only.
        """
        with self._lock:
            if self._file.closed:  # discarded while this write was waiting for its thread
                return
            try:
                for piece in pieces:
                    self._hash.update(piece)
                    self._write_whole(piece)
                self._send_ahead()
            except OSError as error:
                raise disk_error(self.path.parent, error) from error

    def restart(self) -> None:
        """Forget everything written so far."""
        with self._lock:
            if not self.size:
                return
            self._file.seek(0)
            self._file.truncate()
            self._hash = hashlib.sha256()
            self.size = self._sent_ahead = 0

    def finish(self) -> str:
        """Bring it to the disk and close it; returns its SHA-256.

        Raises:
            DownloadError: The disk refuses this file.
            StorageError: It is full or read-only.
        """
        with self._lock:
            try:
                os.fsync(self._file.fileno())
                self._file.close()
            except (OSError, ValueError) as error:
                raise disk_error(self.path.parent, error) from error
            return self._hash.hexdigest()

    def discard(self) -> None:
        """Remove it, whatever has become of it; a file that was renamed stays."""
        with self._lock, suppress(OSError):
            self._file.close()
        with suppress(OSError):
            self.path.unlink(missing_ok=True)

    def _write_whole(self, piece: bytes) -> None:
        rest = memoryview(piece)
        while rest:
            written = self._file.write(rest)
            self.size += written
            rest = rest[written:]

    def _send_ahead(self) -> None:
        """Let the disk begin while the wire brings more, where the system has a call for it."""
        waiting = self.size - self._sent_ahead
        if waiting >= _AHEAD_BYTES and hasattr(os, "posix_fadvise"):
            descriptor = self._file.fileno()
            os.posix_fadvise(descriptor, self._sent_ahead, waiting, os.POSIX_FADV_DONTNEED)
            self._sent_ahead = self.size


def remove_leftovers(folder: Path, own: str = ".vidi") -> int:
    """Remove what a killed run left unfinished under a folder that no other run holds.

    Args:
        folder: The output folder of the run.
        own: The folder that vidi has in each output folder. One below that has it too is another
            run's, which may be writing there right now: it is left alone.

    Returns:
        How many files were removed.
    """
    count = 0
    for place, below, names in os.walk(folder):
        if own in below and not folder.samefile(place):
            below.clear()
            continue
        for name in names:
            if name.startswith(PREFIX):
                Path(place, name).unlink(missing_ok=True)
                count += 1
    return count


def disk_error(path: Path, error: Exception) -> DownloadError | StorageError:
    """What to say when the disk does not do as asked: of this file, or of any."""
    reason = getattr(error, "strerror", None) or str(error)
    message = f"cannot write to {path}: {reason}"
    if getattr(error, "errno", None) in _GIVES_UP:
        return StorageError(message, hint="Make room, then run the same command again.")
    return DownloadError(message, hint="Free some space or name another folder with --output-dir.")
