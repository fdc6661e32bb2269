"""The texts that a page holds, as a page opened from a disk may not read other files."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vidi.runs.records.figures import KILO
from vidi.runs.records.report.present import name_kind

if TYPE_CHECKING:
    from pathlib import Path

    from vidi.runs.records.manifest.shape import Manifest

TEXT_LIMIT = 64 * KILO
"""Bytes of one text asset that the page holds; a longer one is shown as far as that."""
TEXTS_LIMIT = 4 * KILO**2
"""Bytes of all text assets that the page holds."""


def read_texts(manifest: Manifest, folder: Path) -> dict[str, str]:
    """Read the text assets that are in the folder, within TEXT_LIMIT and TEXTS_LIMIT bytes."""
    texts: dict[str, str] = {}
    room = TEXTS_LIMIT
    for inference in manifest["inferences"]:
        for asset in inference["assets"]:
            if name_kind(asset) != "text" or not room:
                continue
            limit = min(TEXT_LIMIT, room)
            head = _read_head(folder, asset["path"], limit + 1)
            if head is not None:
                cut = "\n…" if len(head) > limit else ""
                texts[asset["path"]] = head[:limit].decode(errors="replace") + cut
                room -= min(len(head), limit)
    return texts


def _read_head(folder: Path, relative: str, size: int) -> bytes | None:
    """Read the first bytes of a file in the folder; None where it cannot be had."""
    try:
        path = (folder / relative).resolve()
        if not path.is_relative_to(folder.resolve()):
            return None
        with path.open("rb") as file:
            return file.read(size)
    except (OSError, ValueError):  # ValueError: no file can have that name
        return None
