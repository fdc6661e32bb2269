"""Where assets are kept under their names, whatever that is: a folder, or object storage.

All paths are POSIX and relative to it. Whatever is fetched lies in a temporary file of this machine
first and is checked there: only the last step, giving it its name, is the store's.
"""

from __future__ import annotations

import hashlib
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, Protocol

from vidi.errors import DownloadError, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from contextlib import AbstractContextManager
    from datetime import datetime

    from vidi.inference.outputs.keeping.staging import Staging

REPLACED = Path(".vidi") / "replaced"
"""Where, under the output folder, paid assets go that a changed inference replaces."""
PIECE_BYTES = 1 << 20


class BlockedPathError(UsageError):
    """An asset can never get its name: something else than a file stands there or on the way."""


class Standing(NamedTuple):
    """What stands at a path, at a glance."""

    bytes: int
    mtime_ns: int = 0
    """When a file was written last; 0 in object storage."""
    e_tag: str = ""
    """What object storage calls the content; empty in a folder."""
    plain: bool = True
    """False of a link, whose file stands elsewhere."""


class AssetStore(Protocol):
    """A place for assets. A name shows a whole and checked file, or none."""

    @property
    def lock(self) -> AbstractContextManager[object]:
        """Held from looking where something is to moving it: fetched assets get names meanwhile."""

    @property
    def renames(self) -> bool:
        """Whether a file gets its name at once, and not by being sent somewhere."""

    def address(self, path: str = "") -> str:
        """What people call it, or an asset in it."""

    def stage(self, path: str) -> Staging:
        """A temporary file of this machine, for what is to have a path.

        Raises:
            UsageError: The path leads out by its own words.
            DownloadError: A link leads out, or the disk refuses.
            StorageError: The disk is full or read-only.
        """

    def publish(
        self,
        staged: Path,
        path: str,
        sha256: str,
        *,
        overwrite: bool = False,
        ours: Callable[[str], bool] | None = None,
    ) -> str | None:
        """Give a staged file its name; what stands there already with just that content stays.

        Args:
            staged: The file, complete and on the disk.
            path: Its name.
            sha256: Its hash.
            overwrite: Whether a file that vidi did not make may be written over.
            ours: Whether vidi made what stands at a path, which is then kept under `REPLACED`;
                without it, it made nothing.

        Returns:
            Where what stood there is kept now; None if nothing did.

        Raises:
            DownloadError: Something that is not ours stands there, or the store refuses this file.
            StorageError: The store would take no other file either.
        """

    def move(
        self,
        at: str,
        path: str,
        sha256: str,
        *,
        overwrite: bool = False,
        ours: Callable[[str], bool] | None = None,
    ) -> str | None:
        """Give what stands at one path another name; the rest is as with `publish`."""

    def remove(self, path: str, sha256: str, *, but: str) -> None:
        """Remove what stands at a path, if it has that content and is not the very file at `but`.

        Raises:
            OSError: The disk refuses.
            StorageError: So does object storage.
        """

    def look(self, path: str) -> Standing | None:
        """What stands at a path; None where there is no file.

        Raises:
            StorageError: Object storage cannot be read.
        """

    def came_since(self, path: str, moment: datetime) -> bool:
        """Whether vidi may have put what stands at a path there since a moment, as far as it shows.

        Raises:
            OSError: The disk refuses.
            StorageError: So does object storage.
        """

    def hash(self, path: str) -> str:
        """The sha256 of what stands at a path, as far as the store is to be believed.

        Raises:
            OSError: It is not there or cannot be read.
            StorageError: So, in object storage.
        """

    def read(self, path: str) -> Iterator[bytes]:
        """What stands at a path, piece by piece.

        Raises:
            OSError: It is not there or cannot be read.
            StorageError: So, in object storage.
        """

    def opened(self, path: str) -> AbstractContextManager[Path]:
        """What stands at a path as a file of this machine, until it is let go.

        Raises:
            OSError: It is not there or cannot be read.
            StorageError: So, in object storage.
        """

    def list(self, below: str) -> Iterable[str]:
        """The path of everything below a path, in order.

        Raises:
            StorageError: Object storage cannot be read.
        """

    def find_standing(self, path: str) -> Iterable[str]:
        """The paths under which an asset would meet something: its own, or of any extension.

        Raises:
            BlockedPathError: It can never be there.
        """


def has_content(store: AssetStore, path: str, sha256: str, size: int) -> bool:
    """Whether a file of its own, and no link, stands at a path with just that content."""
    standing = store.look(path)
    if standing is None or not standing.plain or standing.bytes != size:
        return False
    return store.hash(path) == sha256


def hash_pieces(pieces: Iterable[bytes]) -> str:
    """The sha256 of what comes piece by piece."""
    digest = hashlib.sha256()
    for piece in pieces:
        digest.update(piece)
    return digest.hexdigest()


def name_kept(path: str) -> Iterator[str]:
    """The names under which an asset may be kept that makes way: the first that is free is its."""
    wanted = REPLACED / path
    yield wanted.as_posix()
    for number in count(2):
        yield wanted.with_stem(f"{wanted.stem}-{number}").as_posix()


def foreign_file(path: str) -> DownloadError:
    """What to say where an asset cannot have its name."""
    return DownloadError(
        f"a file that vidi did not make is in the way: {path}",
        hint="Move it away, or use --overwrite to replace it.",
    )
