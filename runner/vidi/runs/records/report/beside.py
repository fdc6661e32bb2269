"""What a page shows beside the manifest: what is on the disk, and what people have said of it."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, TypeVar

from vidi.inference.outputs.thumbnails import make_thumbnail, thumbnail_of
from vidi.runs.records.report.earlier import Earlier, find_earlier
from vidi.runs.records.report.texts import read_texts

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from vidi.inference.tracking.journal.events import InferenceState
    from vidi.jobs.reviews.review import Review
    from vidi.runs.records.manifest.shape import AssetShape, Manifest

Value = TypeVar("Value")


@dataclass(frozen=True, slots=True)
class Beside:
    """All that a page needs and a manifest does not say. Paths are relative to the page."""

    texts: Mapping[str, str] = field(default_factory=dict)
    """Path of a text asset to what the file says; what is not here is only linked."""
    thumbnails: Mapping[str, str] = field(default_factory=dict)
    """Path of an asset to that of its thumbnail."""
    earlier: Mapping[str, Earlier] = field(default_factory=dict)
    """Id to what it was before it was changed."""
    marks: Mapping[str, Review] = field(default_factory=dict)
    """Id to what people have said of it."""
    origins: Mapping[str, str] = field(default_factory=dict)
    """Id to the folder that it comes from, on a page over several."""


def look_beside(
    manifest: Manifest,
    folder: Path,
    shelf: Iterable[InferenceState] = (),
    marks: Mapping[str, Review] | None = None,
) -> Beside:
    """See what a folder holds of what its page shows.

    Args:
        manifest: That of the folder.
        folder: The output folder.
        shelf: What was bought there and has made way, oldest first.
        marks: What people have said of it, by id.
    """
    earlier = find_earlier(manifest, shelf, folder)
    thumbnails = {
        asset["path"]: thumbnail_of(asset["sha256"]).as_posix()
        for asset in _list_assets(manifest, earlier)
        if _is_hash(asset["sha256"]) and (folder / thumbnail_of(asset["sha256"])).is_file()
    }
    return Beside(read_texts(manifest, folder), thumbnails, earlier, marks or {})


def merge_beside(parts: Sequence[tuple[str, Beside]], rows: Mapping[str, Iterable[str]]) -> Beside:
    """What lies beside several manifests, seen from the folder above them.

    Args:
        parts: Each with the path of its folder, relative to the folder above.
        rows: The ids of each part, by the same path.
    """
    moved = [(folder, _move(beside, folder)) for folder, beside in parts]
    return Beside(
        _merge(beside.texts for _, beside in moved),
        _merge(beside.thumbnails for _, beside in moved),
        _merge(beside.earlier for _, beside in moved),
        _merge(beside.marks for _, beside in moved),
        {f"{folder}/{key}": folder for folder, _ in parts for key in rows[folder]},
    )


def _move(beside: Beside, folder: str) -> Beside:
    def move(path: str) -> str:
        return f"{folder}/{path}"

    earlier = {
        move(key): replace(
            each, assets=tuple({**asset, "path": move(asset["path"])} for asset in each.assets)
        )
        for key, each in beside.earlier.items()
    }
    return Beside(
        {move(path): text for path, text in beside.texts.items()},
        {move(path): move(small) for path, small in beside.thumbnails.items()},
        earlier,
        {move(key): mark for key, mark in beside.marks.items()},
    )


def _merge(parts: Iterable[Mapping[str, Value]]) -> dict[str, Value]:
    return {key: value for part in parts for key, value in part.items()}


def make_thumbnails(manifest: Manifest, folder: Path) -> None:
    """Make the thumbnails that a folder lacks: what an older vidi fetched, or the store gave."""
    inside = folder.resolve()
    for asset in _list_assets(manifest, {}):
        path = (folder / asset["path"]).resolve()
        if _is_hash(asset["sha256"]) and path.is_relative_to(inside):
            pixels = (asset["width"] or 0) * (asset["height"] or 0)
            make_thumbnail(path, asset["content_type"], pixels, asset["sha256"], folder)


def _is_hash(text: str) -> bool:
    """Whether it can name a thumbnail: a manifest may come from a stranger."""
    return re.fullmatch("[0-9a-f]{64}", text) is not None


def _list_assets(manifest: Manifest, earlier: Mapping[str, Earlier]) -> Iterator[AssetShape]:
    for row in manifest["inferences"]:
        yield from row["assets"]
    for each in earlier.values():
        yield from each.assets
