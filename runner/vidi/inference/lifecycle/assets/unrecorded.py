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

    It is taken for what was bought where its inference was cut off behind its result, and the file
    came since, is nobody's, and passes the check of one that is fetched. What a person had there
    before was refused before the purchase.

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
    state = runtime.journal.states[inference]
    if state.status != "completed" or state.completed_at is None:
        return None  # it has been told what became of it: what stands there now is a person's
    return await asyncio.to_thread(_find, path, kinds, assets, runtime, beside, state.completed_at)


def _find(
    path: str,
    kinds: Collection[OutputType],
    assets: AssetStore,
    runtime: Runtime,
    beside: str,
    ended_at: datetime,
) -> Asset | None:
    try:
        standing = list(assets.find_standing(path))
    except (BlockedPathError, OSError):
        return None
    for at in standing:
        if not is_ours(at, runtime):
            found = _open(at, kinds, assets, ended_at)
            if found and at == with_extension(path, found.content_type, beside=beside):
                return found
    return None


def _open(
    at: str, kinds: Collection[OutputType], assets: AssetStore, ended_at: datetime
) -> Asset | None:
    try:
        if not assets.came_since(at, ended_at):
            return None
        with assets.opened(at) as file:
            size, facts = file.stat().st_size, verify(file, kinds, PurePosixPath(at).name)
    except (DownloadError, OSError):
        return None
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
