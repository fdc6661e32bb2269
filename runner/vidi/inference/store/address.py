"""Where the store is: `store` in vidi.toml, or VIDI_STORE."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from vidi.errors import UsageError
from vidi.inference.store.folder import FolderBlobs
from vidi.inference.store.store import PurchaseStore

if TYPE_CHECKING:
    from collections.abc import Mapping

    from vidi.inference.store.blobs import Blobs

STORE = "VIDI_STORE"
"""The variable that names the store; it wins over the project's own setting."""


def open_store(
    setting: str | None, project: Path, environ: Mapping[str, str], *, sandbox: bool
) -> PurchaseStore | None:
    """Open the store of a project; nothing is read or made yet. None where none is set.

    Args:
        setting: `store` of the project's settings.
        project: What a folder's path is relative to.
        environ: The environment and `.env`; the keys of object storage are of the former alone.
        sandbox: Whether it is for what the sandbox makes.

    Raises:
        UsageError: The address is none, or what it needs is not installed.
    """
    address = environ.get(STORE, "").strip() or setting
    if not address:
        return None
    return PurchaseStore(_open_blobs(address, project), sandbox=sandbox)


def _open_blobs(address: str, project: Path) -> Blobs:
    scheme, colon, rest = address.partition("://")
    if not colon:
        return FolderBlobs(project / Path(address).expanduser())
    if scheme == "file":
        return FolderBlobs(Path(rest))
    from vidi.inference.bucket import SCHEMES
    from vidi.inference.store.objects import ObjectBlobs

    if scheme not in SCHEMES:
        raise UsageError(
            f"the store {address} is of a kind that vidi does not know",
            hint="Name a folder, or s3://bucket/prefix, gs://bucket/prefix, az://container/prefix.",
        )
    # Keys are the environment's own, never of `.env`: obstore reads them there by itself.
    return ObjectBlobs(address, os.environ)
