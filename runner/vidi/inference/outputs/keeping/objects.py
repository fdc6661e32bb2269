"""Assets in object storage: an object appears whole or not at all, so to put it is to publish it.

Where nothing stands yet, which is nearly always, one conditional request does it. What stands there
already is compared, kept and replaced under a lock: there is one writer of a name, since names are
an inference's own and one run holds the whole (`vidi.runs.records.remote`), or leases its part.
"""

from __future__ import annotations

import contextlib
import threading
from contextlib import nullcontext
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from vidi.inference.bucket import SHA256, TakenError
from vidi.inference.outputs.finding.naming import (
    check_inside,
    has_extension,
    is_media_extension,
)
from vidi.inference.outputs.keeping.asset_store import (
    Standing,
    foreign_file,
    has_content,
    hash_pieces,
    name_kept,
)
from vidi.inference.outputs.keeping.staging import Staging

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from contextlib import AbstractContextManager
    from datetime import datetime
    from pathlib import Path

    from vidi.inference.bucket import Bucket, StoredObject

CREATED_BYTES = 64 << 20
"""What is no larger goes in one piece, on the condition that nothing stands there."""
LARGE_BYTES = 8 << 20
"""What is larger goes few at once, as a piece is in memory while it goes."""
LARGE_AT_ONCE = 2


class ObjectStore:
    """The objects below a prefix of a bucket.

    Args:
        bucket: The bucket.
        scratch: A folder of this machine for files on their way.
    """

    renames = False

    def __init__(self, bucket: Bucket, scratch: Path) -> None:
        self._bucket = bucket
        self._scratch = scratch
        self._lock = threading.RLock()
        self._large = threading.BoundedSemaphore(LARGE_AT_ONCE)
        self._listed: dict[str, Standing] | None = None

    def list_once(self) -> None:
        """Look at everything by one listing, believed from then on: this is the one writer.

        Raises:
            StorageError: The bucket cannot be read.
        """
        self._listed = {each.name: _stand(each) for each in self._bucket.list()}

    @property
    def lock(self) -> AbstractContextManager[object]:
        """Held while something may make way."""
        return self._lock

    def address(self, path: str = "") -> str:
        """The URL of an object."""
        return f"{self._bucket.address}/{path}" if path else self._bucket.address

    def stage(self, path: str) -> Staging:
        """A temporary file in the scratch folder."""
        check_inside(path)
        return Staging.open(self._scratch)

    def publish(
        self,
        staged: Path,
        path: str,
        sha256: str,
        *,
        overwrite: bool = False,
        ours: Callable[[str], bool] | None = None,
    ) -> str | None:
        """Put a staged file there."""
        check_inside(path)
        size = staged.stat().st_size
        with self._large if size > LARGE_BYTES else nullcontext():
            if self._create(staged, path, sha256, size):
                return None
            with self._lock:
                if has_content(self, path, sha256, size):
                    return None
                replaced = self._make_way(path, overwrite, ours)
                self._note(path, size, self._bucket.put(path, staged, {SHA256: sha256}))
        return replaced

    def _create(self, staged: Path, path: str, sha256: str, size: int) -> bool:
        """Put it where nothing is; False where something is."""
        if size > CREATED_BYTES:
            # No service puts several pieces on a condition.
            if self._look(path) is not None:
                return False
            self._note(path, size, self._bucket.put(path, staged, {SHA256: sha256}))
            return True
        try:
            self._note(path, size, self._bucket.create(path, staged, {SHA256: sha256}))
        except TakenError:
            self._look(path)  # also where another has put it there since the listing
            return False
        return True

    def move(
        self,
        at: str,
        path: str,
        sha256: str,
        *,
        overwrite: bool = False,
        ours: Callable[[str], bool] | None = None,
    ) -> str | None:
        """Copy an object inside the bucket, then delete the one that it was."""
        check_inside(path)
        with self._lock:
            standing = self._look(at)
            if standing is not None and has_content(self, path, sha256, standing.bytes):
                return None
            replaced = self._make_way(path, overwrite, ours)
            self._rename(at, path)
        return replaced

    def remove(self, path: str, sha256: str, *, but: str) -> None:
        """Delete an object."""
        with self._lock:
            if path != but and self._look(path) is not None and self.hash(path) == sha256:
                self._delete(path)

    def look(self, path: str) -> Standing | None:
        """What the listing says of an object, else one request."""
        return self._look(path) if self._listed is None else self._listed.get(path)

    def came_since(self, path: str, moment: datetime) -> bool:
        """Whether its hash was noted with it, as vidi does: clocks of services are not ours."""
        del moment
        return self.look(path) is not None and bool(self._bucket.read_hash(path))

    def hash(self, path: str) -> str:
        """The hash that was noted with an object, else that of its bytes."""
        return self._bucket.read_hash(path) or hash_pieces(self.read(path))

    def read(self, path: str) -> Iterator[bytes]:
        """What an object holds, piece by piece."""
        return self._bucket.read(path)

    @contextlib.contextmanager
    def opened(self, path: str) -> Iterator[Path]:
        """A copy in the scratch folder."""
        staging = Staging.open(self._scratch)
        try:
            staging.write(self.read(path))
            staging.finish()
            yield staging.path
        finally:
            staging.discard()

    def list(self, below: str) -> Iterable[str]:
        """The path of every object below a path."""
        if self._listed is None:
            return sorted(each.name for each in self._bucket.list(f"{below}/"))
        return sorted(path for path in self._listed if path.startswith(f"{below}/"))

    def find_standing(self, path: str) -> Iterator[str]:
        """What is there under the name of an asset, whatever its type will be."""
        if has_extension(path):
            if self.look(path) is not None:
                yield path
            return
        wanted = PurePosixPath(path)
        for each in self._list_beside(wanted):
            found = PurePosixPath(each)
            same = found.parent == wanted.parent and found.stem == wanted.name
            if same and is_media_extension(found.suffix):
                yield each

    def _list_beside(self, path: PurePosixPath) -> Iterable[str]:
        if self._listed is not None:
            return list(self._listed)
        parent = path.parent.as_posix()
        return [each.name for each in self._bucket.list("" if parent == "." else f"{parent}/")]

    def _make_way(
        self, path: str, overwrite: bool, ours: Callable[[str], bool] | None
    ) -> str | None:
        if self._look(path) is None:
            return None
        if ours is not None and ours(path):
            kept = next(name for name in name_kept(path) if self._look(name) is None)
            self._rename(path, kept)
            return kept
        if overwrite:
            return None
        raise foreign_file(path)

    def _rename(self, at: str, path: str) -> None:
        self._bucket.copy(at, path)
        self._look(path)
        self._delete(at)

    def _delete(self, path: str) -> None:
        self._bucket.delete(path)
        if self._listed is not None:
            self._listed.pop(path, None)

    def _look(self, path: str) -> Standing | None:
        """Ask for an object, whatever the listing says."""
        found = self._bucket.look(path)
        standing = None if found is None else _stand(found)
        if self._listed is not None:
            self._listed.pop(path, None)
            if standing is not None:
                self._listed[path] = standing
        return standing

    def _note(self, path: str, size: int, e_tag: str) -> None:
        if self._listed is not None:
            self._listed[path] = Standing(size, e_tag=e_tag)


def _stand(found: StoredObject) -> Standing:
    return Standing(found.size, e_tag=found.e_tag)
