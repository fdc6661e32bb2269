"""Giving a checked file its final name, and keeping what stood there before."""

from __future__ import annotations

import hashlib
import os
import threading
from contextlib import suppress
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

from vidi.errors import DownloadError
from vidi.inference.outputs.fetching.staging import disk_error
from vidi.inference.outputs.finding.naming import check_inside

if TYPE_CHECKING:
    from collections.abc import Callable

REPLACED = Path(".vidi") / "replaced"
"""Where, under the output folder, paid assets go that a changed inference replaces."""
PLACING = threading.RLock()
"""Held while files get their names: downloads do so in threads, moves on the event loop."""


@dataclass(frozen=True, slots=True)
class Placement:
    """Where an asset goes, and what may stand there already."""

    folder: Path
    overwrite: bool = False
    """Whether a file that vidi did not make may be written over."""
    ours: Callable[[Path], bool] | None = None
    """Whether vidi made the file at a path; without it, it made none."""

    def target(self, relative: str) -> Path:
        """The path of an asset, after following every link on the way to it.

        Raises:
            UsageError: The path leaves the folder by its own words.
            DownloadError: A link leads out of the folder.
        """
        check_inside(relative)
        target = self.folder / relative
        try:
            inside = target.parent.resolve().is_relative_to(self.folder.resolve())
        except (OSError, RuntimeError) as error:
            raise disk_error(target.parent, error) from error
        if not inside:
            raise DownloadError(
                f"a link leads out of the output folder: {relative}",
                hint="Remove the symbolic link, or write another output path.",
            )
        return target

    def publish(self, staged: Path, relative: str, sha256: str) -> str | None:
        """Rename a staged file to its final name.

        Args:
            staged: The file, complete and on the disk.
            relative: Its final path in the folder.
            sha256: Its hash: a target that already holds just that stays as it is.

        Returns:
            Where the file that stood there is kept now, relative to the folder; None if none did.

        Raises:
            DownloadError: A file that is not ours stands there, or the disk refuses.
        """
        with PLACING:
            return self._publish(staged, relative, sha256)

    def _publish(self, staged: Path, relative: str, sha256: str) -> str | None:
        target = self.target(relative)
        try:
            if _holds(target, sha256, staged.stat().st_size):
                return None
            replaced = self._make_way(target, relative)
            staged.replace(target)
            sync_folder(target.parent)
        except OSError as error:
            raise disk_error(target, error) from error
        return replaced

    def _make_way(self, target: Path, relative: str) -> str | None:
        if not os.path.lexists(target):
            return None
        if target.is_dir() and not target.is_symlink():
            raise DownloadError(
                f"a folder stands where the output should be: {relative}",
                hint="Move it away, or write another output path.",
            )
        if self.ours is not None and self.ours(target):
            return self._keep(target, relative)
        if self.overwrite:
            return None
        raise DownloadError(
            f"a file that vidi did not make is in the way: {relative}",
            hint="Move it away, or use --overwrite to replace it.",
        )

    def _keep(self, target: Path, relative: str) -> str:
        """Move the asset that stands there to the replaced ones, under a name of its own."""
        wanted = Path(relative)
        self.target((REPLACED / wanted).as_posix()).parent.mkdir(parents=True, exist_ok=True)
        names = (
            wanted if number == 1 else wanted.with_stem(f"{wanted.stem}-{number}")
            for number in count(1)
        )
        kept = next(
            REPLACED / name for name in names if not os.path.lexists(self.folder / REPLACED / name)
        )
        target.rename(self.folder / kept)
        sync_folder((self.folder / kept).parent)
        return kept.as_posix()


def sync_folder(folder: Path) -> None:
    """Bring a rename to the disk, where the system can (Windows has no such call)."""
    with suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _holds(target: Path, sha256: str, size: int) -> bool:
    """Whether a file with exactly this content stands there: fetched before a kill, say."""
    if target.is_symlink() or not target.is_file() or target.stat().st_size != size:
        return False
    with target.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest() == sha256
