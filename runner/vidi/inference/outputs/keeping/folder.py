"""Assets in a folder: on this disk, or on one that several machines share."""

from __future__ import annotations

import contextlib
import errno
import os
import stat
import threading
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, ClassVar

from vidi.errors import DownloadError
from vidi.inference.outputs.finding.naming import (
    check_inside,
    has_extension,
    is_media_extension,
)
from vidi.inference.outputs.keeping.asset_store import (
    PIECE_BYTES,
    REPLACED,
    BlockedPathError,
    Standing,
    foreign_file,
    has_content,
    hash_pieces,
    name_kept,
)
from vidi.inference.outputs.keeping.staging import Staging, disk_error

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime
    from pathlib import Path

_HASHED_BYTES = 1 << 16
_IS_NOT_THERE = frozenset({errno.ENOENT, errno.ENOTDIR, errno.EBADF, errno.ELOOP})


@dataclass(frozen=True, slots=True)
class FolderStore:
    """The files below a folder, which is made when the first of them comes."""

    folder: Path
    lock: ClassVar[threading.RLock] = threading.RLock()
    """One for all folders: one may be below another, or be known by two names."""
    renames: ClassVar[bool] = True

    def address(self, path: str = "") -> str:
        """The path of a file."""
        return str(self.folder / path)

    def stage(self, path: str) -> Staging:
        """A temporary file in the folder where it is to be: a rename gives it its name."""
        return Staging.open(self._locate(path).parent)

    def publish(
        self,
        staged: Path,
        path: str,
        sha256: str,
        *,
        overwrite: bool = False,
        ours: Callable[[str], bool] | None = None,
    ) -> str | None:
        """Rename a staged file to its final name."""
        with self.lock:
            target = self._locate(path)
            try:
                if has_content(self, path, sha256, staged.stat().st_size):
                    return None
                replaced = self._make_way(target, path, overwrite, ours)
                staged.replace(target)
                _sync_folder(target.parent)
            except OSError as error:
                raise disk_error(target, error) from error
            return replaced

    def move(
        self,
        at: str,
        path: str,
        sha256: str,
        *,
        overwrite: bool = False,
        ours: Callable[[str], bool] | None = None,
    ) -> str | None:
        """Rename a file."""
        self._locate(path).parent.mkdir(parents=True, exist_ok=True)
        source = self.folder / at
        replaced = self.publish(source, path, sha256, overwrite=overwrite, ours=ours)
        _sync_folder(source.parent)
        return replaced

    def remove(self, path: str, sha256: str, *, but: str) -> None:
        """Remove a file."""
        file = self.folder / path
        if file.is_symlink() or not file.is_file() or file.samefile(self.folder / but):
            return
        if self.hash(path) == sha256:
            file.unlink()

    def look(self, path: str) -> Standing | None:
        """What a glance at a file shows."""
        name = f"{self.folder}/{path}"  # 10,000 of them an estimate
        try:
            facts = os.lstat(name)
            plain = not stat.S_ISLNK(facts.st_mode)
            facts = facts if plain else os.stat(name)  # noqa: PTH116
        except ValueError:
            return None
        except OSError as error:
            if error.errno in _IS_NOT_THERE:
                return None
            raise
        if not stat.S_ISREG(facts.st_mode):
            return None
        return Standing(facts.st_size, facts.st_mtime_ns, plain=plain)

    def came_since(self, path: str, moment: datetime) -> bool:
        """Whether it is a file, no link, and was written since."""
        standing = self.look(path)
        since_ns = int(moment.timestamp()) * 1_000_000_000  # some disks keep whole seconds
        return standing is not None and standing.plain and standing.mtime_ns >= since_ns

    def hash(self, path: str) -> str:
        """The sha256 of a file's content."""
        name = f"{self.folder}/{path}"  # 10,000 of them once a CI cache has been restored
        with open(name, "rb", buffering=0) as file:  # noqa: PTH123
            return hash_pieces(iter(partial(file.read, _HASHED_BYTES), b""))

    def read(self, path: str) -> Iterator[bytes]:
        """What a file holds, piece by piece."""
        with (self.folder / path).open("rb") as file:
            while piece := file.read(PIECE_BYTES):
                yield piece

    @contextlib.contextmanager
    def opened(self, path: str) -> Iterator[Path]:
        """The file itself."""
        yield self.folder / path

    def list(self, below: str) -> Iterator[str]:
        """The path of every file below a folder of it."""
        for each in sorted((self.folder / below).rglob("*")):
            if each.is_file():
                yield each.relative_to(self.folder).as_posix()

    def find_standing(self, path: str) -> Iterator[str]:
        """What is there under the name of an asset, whatever its type will be."""
        self._refuse_blocked_way(path)
        for target in self._find_named(self.folder / path, path):
            if target.is_dir():
                raise BlockedPathError(
                    f"{target} is a folder", hint="Move it, or choose another output."
                )
            yield target.relative_to(self.folder).as_posix()

    def _find_named(self, target: Path, path: str) -> Iterator[Path]:
        if has_extension(path):
            if os.path.lexists(target):
                yield target
        elif target.parent.is_dir():
            for each in target.parent.iterdir():
                if each.stem == target.name and is_media_extension(each.suffix):
                    yield each

    def _refuse_blocked_way(self, path: str) -> None:
        """Refuse a file where a folder must be, and a link that leads out."""
        way = self.folder
        for part in path.split("/")[:-1]:
            way = way / part
            if not os.path.lexists(way):
                return
            if not way.is_dir():
                raise BlockedPathError(
                    f"{way} is in the way: a folder is needed there",
                    hint="Move it, or choose another output.",
                )
            if not way.resolve().is_relative_to(self.folder.resolve()):
                raise BlockedPathError(
                    f"{way} is a link that leads out of the output folder",
                    hint="Remove the link, or choose another output.",
                )

    def _locate(self, path: str) -> Path:
        """The file at a path, after following every link on the way to it.

        Raises:
            UsageError: The path leaves the folder by its own words.
            DownloadError: A link leads out of the folder.
        """
        check_inside(path)
        target = self.folder / path
        try:
            outside = _is_behind_a_link(self.folder, target.parent) and not (
                target.parent.resolve().is_relative_to(self.folder.resolve())
            )
        except (OSError, RuntimeError) as error:
            raise disk_error(target.parent, error) from error
        if outside:
            raise DownloadError(
                f"a link leads out of the output folder: {path}",
                hint="Remove the symbolic link, or write another output path.",
            )
        return target

    def _make_way(
        self, target: Path, path: str, overwrite: bool, ours: Callable[[str], bool] | None
    ) -> str | None:
        if not os.path.lexists(target):
            return None
        if target.is_dir() and not target.is_symlink():
            raise DownloadError(
                f"a folder stands where the output should be: {path}",
                hint="Move it away, or write another output path.",
            )
        if ours is not None and ours(path):
            return self._keep(target, path)
        if overwrite:
            return None
        raise foreign_file(path)

    def _keep(self, target: Path, path: str) -> str:
        """Move the asset that stands there to the replaced ones, under a name of its own."""
        self._locate((REPLACED / path).as_posix()).parent.mkdir(parents=True, exist_ok=True)
        kept = next(name for name in name_kept(path) if not os.path.lexists(self.folder / name))
        target.rename(self.folder / kept)
        _sync_folder((self.folder / kept).parent)
        return kept


def _is_behind_a_link(folder: Path, place: Path) -> bool:
    """Whether any folder on the way from one to another below it is a link, or may be one."""
    while place != folder:
        try:
            info = place.lstat()
        except FileNotFoundError:
            pass  # what is not there yet leads nowhere
        else:
            junction = getattr(info, "st_file_attributes", 0) & stat.FILE_ATTRIBUTE_REPARSE_POINT
            if stat.S_ISLNK(info.st_mode) or junction:
                return True
        place = place.parent
    return False


def _sync_folder(folder: Path) -> None:
    """Bring a rename to the disk, where the system can (Windows has no such call)."""
    with contextlib.suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
