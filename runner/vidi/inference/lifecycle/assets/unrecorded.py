"""A file that a killed run gave its name and could not put on record, and that is the last copy.

A file gets its name before the journal says so. As long as the provider has it, the next run
fetches it once more and finds the same content there. This is for when the provider has not.
"""

from __future__ import annotations

import asyncio
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from vidi.errors import DownloadError
from vidi.inference.lifecycle.assets.record import is_ours
from vidi.inference.outputs.checking.verify import verify
from vidi.inference.outputs.fetching.download import Asset
from vidi.inference.outputs.finding.naming import name_warning, with_extension
from vidi.inference.outputs.keeping.asset_store import BlockedPathError

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import datetime

    from vidi.inference.lifecycle.runtime import Runtime
    from vidi.inference.models.template import OutputType
    from vidi.inference.outputs.keeping.asset_store import AssetStore

FOUND = (
    "found in its place, where a run that was cut off must have put it: nothing is left at the "
    "provider to compare it with"
)


async def find_unrecorded(
    inference: str,
    path: str,
    kinds: Collection[OutputType],
    assets: AssetStore,
    runtime: Runtime,
    beside: str = "",
) -> Asset | None:
    """The output that stands in its place and that no journal knows of; None where there is none.

    It is taken for what was bought where it came after the result did, is nobody's, and passes the
    check of one that is fetched. What a person had there before was refused before the purchase.

    Args:
        inference: Whose output it is.
        path: Its place, which may lack its extension.
        kinds: What it may be.
        assets: Where it is kept.
        runtime: What the run works with.
        beside: The content type of the first output, where this is another.

    Raises:
        StorageError: Object storage cannot be read.
    """
    ended_at = runtime.journal.states[inference].completed_at
    if ended_at is None:
        return None
    return await asyncio.to_thread(_find, path, kinds, assets, runtime, beside, ended_at)


def _find(
    path: str,
    kinds: Collection[OutputType],
    assets: AssetStore,
    runtime: Runtime,
    beside: str,
    ended_at: datetime,
) -> Asset | None:
    try:
        for at in assets.find_standing(path):
            if not is_ours(at, runtime) and assets.came_since(at, ended_at):
                found = _open(at, kinds, assets)
                if found.path == with_extension(path, found.content_type, beside=beside):
                    return found
    except (BlockedPathError, DownloadError, OSError):
        return None  # what there is cannot be it, and says so by itself where it is in the way
    return None


def _open(at: str, kinds: Collection[OutputType], assets: AssetStore) -> Asset:
    with assets.opened(at) as file:
        size, facts = file.stat().st_size, verify(file, kinds, PurePosixPath(at).name)
    kind = facts.content_type
    return Asset(
        path=at,
        sha256=assets.hash(at),
        bytes=size,
        content_type=kind,
        width=facts.width,
        height=facts.height,
        duration_s=facts.duration_s,
        warning="; ".join(filter(None, (FOUND, facts.warning, name_warning(at, kind)))),
    )
