"""Assets that were made before, brought to where they belong now: nothing is fetched.

One at a time in a folder, with what is put on record of it, so that no other inference of the run
sees one half done.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from vidi.inference.lifecycle.assets.place import AssetPlaces, KnownContent, number_made
from vidi.inference.lifecycle.assets.record import (
    is_anothers,
    is_ours,
    record_asset,
    record_taken_out,
)
from vidi.inference.outputs.fetching.publish import PLACING, Placement, sync_folder
from vidi.inference.outputs.fetching.staging import Staging, disk_error
from vidi.inference.outputs.finding.naming import name_warning
from vidi.inference.request import hash_file

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from vidi.inference.lifecycle.assets.place import PlacedAsset
    from vidi.inference.lifecycle.runtime import Runtime
    from vidi.inference.request import InferenceRequest
    from vidi.inference.tracking.journal.events import AssetRecord

PIECE_BYTES = 1024 * 1024


async def bring_all_home(request: InferenceRequest, folder: Path, runtime: Runtime) -> bool:
    """Bring every asset of a finished inference to its place; False where a file is lost.

    Raises:
        DownloadError: The disk refuses, or something that vidi did not make stands there.
        StorageError: The disk is full or read-only.
    """
    async with runtime.placing:  # from the first look on: another's move changes what is where
        states = runtime.journal.states
        places = open_places(request, folder, runtime)
        placed = places.look_for(request, states[request.id].assets)
        if not placed or any(each.at is None for each in placed):
            return False
        for number, each in enumerate(placed):
            # Looked up anew each time: the one before may have taken its place.
            made = number_made(states[request.id].assets, len(placed))[number]
            if made is None or not await bring_home(request, made, each.home, folder, runtime):
                return False
    return True


def open_places(request: InferenceRequest, folder: Path, runtime: Runtime) -> AssetPlaces:
    """The files of a folder, with or without what the user has edited."""
    states = runtime.journal.states.values()
    known = KnownContent(states)
    return AssetPlaces(folder, sure=True, known=known, edits=not request.unedited)


async def bring_home(
    request: InferenceRequest,
    made: AssetRecord,
    path: str,
    folder: Path,
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
        folder: The output folder.
        runtime: What the run works with.
        beside: The content type of the first asset of the same inference, where this is another.

    Raises:
        DownloadError: The disk refuses, or something that vidi did not make stands there.
        StorageError: The disk is full or read-only.
    """
    with PLACING:
        try:
            placed = open_places(request, folder, runtime).place(made, path, beside)
            if placed.at is None:
                return None
            moved = _move(request.id, placed, placed.at, folder, runtime)
        except OSError as error:
            raise disk_error(folder / path, error) from error
    await record_asset(request.id, moved, folder, runtime, moved_from=made.path)
    if placed.at != placed.home:
        await record_taken_out(placed.at, runtime)
    return moved


def _move(
    inference: str, placed: PlacedAsset, at: str, folder: Path, runtime: Runtime
) -> AssetRecord:
    made, home = placed.made, placed.home
    replaced = None
    if at != home:
        placement = Placement(
            folder, runtime.overwrite, lambda existing: is_ours(existing, folder, runtime)
        )
        shared = is_anothers(at, inference, made.sha256, runtime)
        if shared or (folder / at).is_symlink():
            replaced = _copy(folder / at, placement, placed)
        else:
            placement.target(home).parent.mkdir(parents=True, exist_ok=True)
            replaced = placement.publish(folder / at, home, made.sha256)
            sync_folder((folder / at).parent)
    _clear(inference, placed, folder, runtime)
    return replace(
        made,
        path=home,
        replaced=replaced or made.replaced,
        warning=_rename_warning(made, home),
        # An edited file keeps the time of what was bought, and so is never taken for that.
        mtime_ns=made.mtime_ns if placed.edited else (folder / home).stat().st_mtime_ns,
    )


def _copy(source: Path, placement: Placement, placed: PlacedAsset) -> str | None:
    """Leave the file where it is, as it is not this inference's alone."""
    staging = Staging.open(placement.target(placed.home).parent)
    try:
        staging.write(_read_pieces(source))
        return placement.publish(staging.path, placed.home, staging.finish())
    finally:
        staging.discard()


def _read_pieces(source: Path) -> Iterator[bytes]:
    with source.open("rb") as file:
        while piece := file.read(PIECE_BYTES):
            yield piece


def _clear(inference: str, placed: PlacedAsset, folder: Path, runtime: Runtime) -> None:
    """Remove what is left at the old place, where it is the same and nobody else's."""
    made, old = placed.made, folder / placed.made.path
    if made.path == placed.home or old.is_symlink() or not old.is_file():
        return
    if old.samefile(folder / placed.home) or hash_file(old) != made.sha256:
        return
    if not is_anothers(made.path, inference, made.sha256, runtime):
        old.unlink()


def _rename_warning(made: AssetRecord, home: str) -> str:
    """What is to be said of an asset whose name is another one now."""
    before = name_warning(made.path, made.content_type)
    kept = [each for each in made.warning.split("; ") if each not in ("", before)]
    return "; ".join(filter(None, [*kept, name_warning(home, made.content_type)]))
