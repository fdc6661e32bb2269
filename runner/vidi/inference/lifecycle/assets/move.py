"""Assets that were made before, brought to where they belong now: nothing is fetched.

One at a time in a folder, with what is put on record of it, so that no other inference of the run
sees one half done.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from vidi.inference.lifecycle.assets.place import AssetPlaces, KnownContent, number_made
from vidi.inference.lifecycle.assets.record import (
    as_it_stands,
    is_anothers,
    is_ours,
    record_asset,
    record_taken_out,
)
from vidi.inference.outputs.finding.naming import name_warning
from vidi.inference.outputs.keeping.staging import disk_error

if TYPE_CHECKING:
    from vidi.inference.lifecycle.assets.place import PlacedAsset
    from vidi.inference.lifecycle.runtime import Runtime
    from vidi.inference.outputs.keeping.asset_store import AssetStore
    from vidi.inference.request import InferenceRequest
    from vidi.inference.tracking.journal.events import AssetRecord


async def bring_all_home(request: InferenceRequest, assets: AssetStore, runtime: Runtime) -> bool:
    """Bring every asset of a finished inference to its place; False where a file is lost.

    Raises:
        DownloadError: The disk refuses, or something that vidi did not make stands there.
        StorageError: The disk is full or read-only.
    """
    async with runtime.placing:  # from the first look on: another's move changes what is where
        states = runtime.journal.states
        places = open_places(request, assets, runtime)
        placed = places.look_for(request, states[request.id].assets)
        if not placed or any(each.at is None for each in placed):
            return False
        for number, each in enumerate(placed):
            # Looked up anew each time: the one before may have taken its place.
            made = number_made(states[request.id].assets, len(placed))[number]
            if made is None or not await bring_home(request, made, each.home, assets, runtime):
                return False
    return True


def open_places(request: InferenceRequest, assets: AssetStore, runtime: Runtime) -> AssetPlaces:
    """What is kept, with or without what the user has edited."""
    known = KnownContent(list(runtime.journal.states.values()))
    return AssetPlaces(assets, sure=True, known=known, edits=not request.unedited)


async def bring_home(
    request: InferenceRequest,
    made: AssetRecord,
    path: str,
    assets: AssetStore,
    runtime: Runtime,
    beside: str = "",
) -> AssetRecord | None:
    """Bring one asset to its place and put that on record; None where its file is lost.

    Called with `runtime.placing` held, from where `made` was looked up: another inference that is
    brought home changes what is where.

    Args:
        request: Whose it is.
        made: The asset as the journal has it.
        path: Its place; without an extension, it gets its content's.
        assets: Where it is kept.
        runtime: What the run works with.
        beside: The content type of the first asset of the same inference, where this is another.

    Raises:
        DownloadError: The disk refuses, or something that vidi did not make stands there.
        StorageError: The disk is full or read-only.
    """
    placed = await asyncio.to_thread(_bring_home, request, made, path, assets, runtime, beside)
    if placed is None:
        return None
    moved, at = placed
    await record_asset(request.id, moved, assets, runtime, moved_from=made.path)
    if at != moved.path:
        await record_taken_out(at, runtime)
    return moved


def _bring_home(
    request: InferenceRequest,
    made: AssetRecord,
    path: str,
    assets: AssetStore,
    runtime: Runtime,
    beside: str,
) -> tuple[AssetRecord, str] | None:
    """The asset at its place, and where it was; None where it is nowhere. In a thread."""
    with assets.lock:
        try:
            placed = open_places(request, assets, runtime).place(made, path, beside)
            if placed.at is None:
                return None
            return _move(request.id, placed, placed.at, assets, runtime), placed.at
        except OSError as error:
            raise disk_error(Path(assets.address(path)), error) from error


def _move(
    inference: str, placed: PlacedAsset, at: str, assets: AssetStore, runtime: Runtime
) -> AssetRecord:
    made, home = placed.made, placed.home
    replaced = None
    if at != home:
        standing = assets.look(at)
        is_link = standing is not None and not standing.plain
        give = _copy if is_link or is_anothers(at, inference, made.sha256, runtime) else _rename
        replaced = give(at, placed, assets, runtime)
    if made.path != home and not is_anothers(made.path, inference, made.sha256, runtime):
        assets.remove(made.path, made.sha256, but=home)
    moved = replace(
        made,
        path=home,
        replaced=replaced or made.replaced,
        warning=_rename_warning(made, home),
    )
    # An edited file keeps the time of what was bought, and so is never taken for that.
    return moved if placed.edited else as_it_stands(moved, assets)


def _rename(at: str, placed: PlacedAsset, assets: AssetStore, runtime: Runtime) -> str | None:
    return assets.move(
        at,
        placed.home,
        placed.made.sha256,
        overwrite=runtime.overwrite,
        ours=lambda path: is_ours(path, runtime),
    )


def _copy(at: str, placed: PlacedAsset, assets: AssetStore, runtime: Runtime) -> str | None:
    """Leave the file where it is, as it is not this inference's alone."""
    staging = assets.stage(placed.home)
    try:
        staging.write(assets.read(at))
        return assets.publish(
            staging.path,
            placed.home,
            staging.finish(),
            overwrite=runtime.overwrite,
            ours=lambda path: is_ours(path, runtime),
        )
    finally:
        staging.discard()


def _rename_warning(made: AssetRecord, home: str) -> str:
    """What is to be said of an asset whose name is another one now."""
    before = name_warning(made.path, made.content_type)
    kept = [each for each in made.warning.split("; ") if each not in ("", before)]
    return "; ".join(filter(None, [*kept, name_warning(home, made.content_type)]))
