"""A store in a folder: on this disk, or on one that several machines share."""

from __future__ import annotations

import contextlib
import os
from datetime import UTC, datetime
from pathlib import Path
from secrets import token_hex
from typing import TYPE_CHECKING

from vidi.inference.outputs.keeping.staging import PREFIX
from vidi.inference.store.blobs import Blob, StoreError, describe_missing

if TYPE_CHECKING:
    from collections.abc import Iterator

PIECE_BYTES = 1 << 20


class FolderBlobs:
    """Files below a folder, which is made when the first of them is put there.

    Args:
        root: The folder.
    """

    def __init__(self, root: Path) -> None:
        self._root = root

    @property
    def where(self) -> str:
        """The folder's path."""
        return str(self._root)

    def list(self, prefix: str) -> Iterator[Blob]:
        """Everything below a folder of it."""
        with self._told("read"):
            for place, _, names in os.walk(self._root / prefix):
                for name in sorted(names):
                    path = Path(place, name)
                    try:
                        facts = path.stat()
                    except FileNotFoundError:
                        continue  # another writer's unfinished file, which has its name by now
                    changed_at = datetime.fromtimestamp(facts.st_mtime, UTC)
                    relative = path.relative_to(self._root).as_posix()
                    yield Blob(relative, facts.st_size, changed_at)

    def has(self, name: str) -> bool:
        """Whether a file is there."""
        return (self._root / name).is_file()

    def read(self, name: str) -> Iterator[bytes]:
        """What a file holds, piece by piece."""
        path = self._root / name
        if not path.is_file():
            raise describe_missing(self.where, name)
        with self._told("read"), path.open("rb") as file:
            while piece := file.read(PIECE_BYTES):
                yield piece

    def write(self, name: str, content: Path | bytes, *, replace: bool = False) -> bool:
        """Put a file there whole: written beside its name, then linked to it."""
        target = self._root / name
        if not replace and target.is_file():
            return False
        partial = target.with_name(f"{PREFIX}{token_hex(8)}")
        with self._told("written"):
            target.parent.mkdir(parents=True, exist_ok=True)
            try:
                _write(partial, content)
                return _publish(partial, target, replace=replace)
            finally:
                partial.unlink(missing_ok=True)

    def delete(self, name: str) -> None:
        """Take a file away."""
        with self._told("written"):
            (self._root / name).unlink(missing_ok=True)

    @contextlib.contextmanager
    def _told(self, what: str) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise StoreError(
                f"the store {self._root} cannot be {what}: {error.strerror or error}",
                hint="Check `store` in vidi.toml, or VIDI_STORE.",
            ) from error


def _write(partial: Path, content: Path | bytes) -> None:
    import shutil  # with bz2 and lzma

    with partial.open("xb") as file:
        if isinstance(content, bytes):
            file.write(content)
        else:
            with content.open("rb") as source:
                shutil.copyfileobj(source, file, PIECE_BYTES)
        file.flush()
        os.fsync(file.fileno())


def _publish(partial: Path, target: Path, *, replace: bool) -> bool:
    if replace:
        partial.replace(target)
        return True
    try:
        os.link(partial, target)  # fails where the name is taken: whoever is first has it
    except FileExistsError:
        return False
    except OSError:  # a file system without hard links
        if target.exists():
            return False
        partial.replace(target)
    return True
