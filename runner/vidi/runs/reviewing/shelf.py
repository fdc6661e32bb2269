"""The files of a folder that a review may show: those that its manifest names, no others."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from vidi.inference.outputs.thumbnails import thumbnail_of
from vidi.runs.records.folder import JOURNAL, MANIFEST
from vidi.runs.records.report.present import is_active

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from vidi.runs.records.manifest.shape import AssetShape
    from vidi.runs.records.report.recorded import RecordedFolder

WEBP = "image/webp"


class ShownFile(NamedTuple):
    """A file, and as what it is sent."""

    path: Path
    content_type: str


def list_files(folder: RecordedFolder) -> dict[str, ShownFile]:
    """Each file that the page of a folder shows or links to, by its path there."""
    inside = folder.path.resolve()
    found = {
        name: ShownFile((folder.path / name).resolve(), content_type)
        for name, content_type in _name_files(folder)
    }
    return {name: each for name, each in found.items() if each.path.is_relative_to(inside)}


def _name_files(folder: RecordedFolder) -> Iterator[tuple[str, str]]:
    yield from ((name, "text/plain; charset=utf-8") for name in (MANIFEST, JOURNAL))
    for asset in _list_assets(folder):
        sent = _tame(asset["path"], asset["content_type"])
        yield asset["path"], sent
        if asset["replaced"]:
            yield asset["replaced"], sent
        yield thumbnail_of(asset["sha256"]).as_posix(), WEBP


def _list_assets(folder: RecordedFolder) -> Iterator[AssetShape]:
    for row in folder.manifest["inferences"]:
        yield from row["assets"]
    for earlier in folder.beside.earlier.values():
        yield from earlier.assets


def _tame(path: str, content_type: str) -> str:
    """What a browser may take a file for: it is not to run what is in it."""
    if content_type == "image/svg+xml":
        return content_type  # drawn in an <img>; opened alone, its policy forbids everything
    return "text/plain; charset=utf-8" if is_active(path, content_type) else content_type
