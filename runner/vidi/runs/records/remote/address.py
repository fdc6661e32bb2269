"""Where an output folder has its assets: in itself, or below a prefix of a bucket."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path
from typing import TYPE_CHECKING

from vidi.errors import SettingError
from vidi.inference.bucket import Bucket, BucketError
from vidi.inference.outputs.keeping.folder import FolderStore
from vidi.inference.outputs.keeping.objects import ObjectStore
from vidi.runs.records.atomic import replace_text
from vidi.runs.records.folder import OWN

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vidi.inference.outputs.keeping.asset_store import AssetStore

ADDRESS = Path(OWN) / "address"
"""The file of an output folder that says where its assets are; a folder without has them itself."""
SCRATCH = Path(OWN) / "staging"
"""Where files are until they are checked and put into the bucket."""


def note_address(folder: Path, address: str) -> None:
    """Have a folder know where its assets are.

    Raises:
        StorageError: It cannot be written.
    """
    if read_address(folder) != address:
        (folder / OWN).mkdir(parents=True, exist_ok=True)
        replace_text(folder / ADDRESS, address)


def read_address(folder: Path) -> str | None:
    """Where a folder has its assets; None where it has them itself."""
    try:
        return (folder / ADDRESS).read_text(encoding="utf-8").strip()
    except (OSError, ValueError):
        return None


def name_place(folder: Path, name: str = "") -> str:
    """What people open to see what a folder's runs have made, or a file beside it."""
    address = read_address(folder)
    if address is None:
        return (folder / name).as_posix()
    return f"{address}/{name}" if name else address


def open_bucket(address: str) -> Bucket:
    """The bucket of an address; nothing is sent yet.

    Raises:
        UsageError: The extra `objects` is not installed, or the address is none.
    """
    return Bucket(
        address,
        os.environ,
        what="the output_dir",
        hint="Check output_dir or -o, and the keys in the environment.",
    )


@contextlib.contextmanager
def before_anything_is_sent() -> Iterator[None]:
    """A bucket that cannot be used is a wrong setting, as long as nothing has been bought.

    Raises:
        SettingError: It cannot.
    """
    try:
        yield
    except BucketError as error:
        raise SettingError(error.message, hint=error.hint) from error


def open_assets(folder: Path) -> AssetStore:
    """Where an output folder has its assets; of a bucket, one listing is made.

    Raises:
        UsageError: The extra `objects` is not installed, or the address is none.
        SettingError: The bucket cannot be read.
    """
    address = read_address(folder)
    if address is None:
        return FolderStore(folder)
    store = ObjectStore(open_bucket(address), folder / SCRATCH)
    with before_anything_is_sent():
        store.list_once()
    return store
