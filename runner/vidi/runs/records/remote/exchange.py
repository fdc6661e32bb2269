"""The journal of a bucket's assets, found before a run and put back beside them after it."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from vidi.errors import UsageError
from vidi.inference.bucket import SHA256
from vidi.inference.outputs.keeping.staging import Staging
from vidi.inference.outputs.thumbnails import THUMBNAILS
from vidi.inference.request import hash_file
from vidi.runs.records.folder import JOURNAL, MANIFEST, REPORT_NAME

if TYPE_CHECKING:
    from pathlib import Path

    from vidi.inference.bucket import Bucket

PUTS_AT_ONCE = 8
"""Of thumbnails."""


def find_journal(bucket: Bucket, folder: Path, scratch: Path) -> Path:
    """The journal as the last run left it, wherever that was: the one that is here, or a copy.

    Args:
        bucket: Where the assets are.
        folder: The output folder.
        scratch: The folder for the copy, which is removed by who asks.

    Raises:
        UsageError: The one that is here has what that one has not: there are two histories.
        StorageError: The bucket cannot be read, or the disk refuses.
    """
    there, here = bucket.look(JOURNAL), folder / JOURNAL
    if there is None or _is_same(bucket, JOURNAL, there.size, here):
        return here
    staging = Staging.open(scratch)
    staging.write(bucket.read(JOURNAL))
    staging.finish()
    if here.is_file() and _begins_with(here, staging.path):
        return here  # this one is ahead: its run could not put it there
    if here.is_file() and not _begins_with(staging.path, here):
        raise UsageError(
            f"{here} and the journal in {bucket.address} tell of different runs, so what was "
            "bought cannot be known from either alone",
            hint=f"If the assets in {bucket.address} are what counts, move {folder} away and "
            "run again: its journal comes from there.",
        )
    return staging.path


def put_records(bucket: Bucket, folder: Path) -> None:
    """Put what a run has written beside its assets: the journal first.

    Raises:
        StorageError: The bucket cannot be written.
    """
    for name in (JOURNAL, MANIFEST, REPORT_NAME):
        path = folder / name
        if path.is_file() and not _is_same_object(bucket, name, path):
            bucket.put(name, path, {SHA256: hash_file(path)})
    _put_thumbnails(bucket, folder)


def _put_thumbnails(bucket: Bucket, folder: Path) -> None:
    """What the page shows at a glance; each is named by its content, and never another."""
    made = {path.name for path in (folder / THUMBNAILS).glob("*.webp")}
    if not made:
        return
    there = {each.name.rpartition("/")[2] for each in bucket.list(THUMBNAILS.as_posix())}

    def put(name: str) -> None:
        bucket.put((THUMBNAILS / name).as_posix(), folder / THUMBNAILS / name, {})

    from concurrent.futures import ThreadPoolExecutor  # an estimate puts nothing

    with ThreadPoolExecutor(PUTS_AT_ONCE) as pool:
        list(pool.map(put, sorted(made - there)))


def _is_same_object(bucket: Bucket, name: str, path: Path) -> bool:
    there = bucket.look(name)
    return there is not None and _is_same(bucket, name, there.size, path)


def _is_same(bucket: Bucket, name: str, size: int, path: Path) -> bool:
    if not path.is_file() or path.stat().st_size != size:
        return False
    return bucket.read_hash(name) == hash_file(path)


def _begins_with(path: Path, beginning: Path) -> bool:
    """Whether a file begins with all of another."""
    length = beginning.stat().st_size
    with path.open("rb") as file:
        head = hashlib.sha256()
        while length and (piece := file.read(min(length, 1 << 20))):
            head.update(piece)
            length -= len(piece)
    return not length and head.hexdigest() == hash_file(beginning)
