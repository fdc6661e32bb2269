"""A contact sheet: one PNG with what a run made, and beside what was changed what it was before.

Pillow loads with it, PyAV where a video is shown.
"""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from io import BytesIO
from typing import TYPE_CHECKING

from PIL import Image, ImageDraw, ImageOps

from vidi.errors import StorageError
from vidi.inference.outputs.thumbnails import TROUBLE, open_first_frame
from vidi.jobs.reading.files import is_inside
from vidi.lettering.lines import write_lines
from vidi.quiet import quietly
from vidi.runs.records.atomic import replace_bytes

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from vidi.runs.records.manifest.shape import AssetShape, InferenceShape, Manifest

MOST_THUMBNAILS = 20
"""On one sheet; a pair of before and after is two."""
COLUMNS = 5
THUMBNAIL = 224
"""Pixels of a side of the square that a thumbnail fits into."""
GAP = 16
CAPTION = 44
"""Pixels for two lines."""
HEAD = 48
_LETTER = 15
_PAPER, _FRAME, _INK, _SOFT = "#f3f3f0", "#ffffff", "#1c1c1a", "#77776f"
_MOST_PIXELS = 64 << 20
"""Of a picture that is decoded whole: 256 MiB. JPEG is drawn smaller at once."""


@dataclass(frozen=True, slots=True)
class Shot:
    """What is shown under one caption."""

    caption: str
    word: str
    """new, changed, or how the inference stands."""
    after: Path
    content_type: str
    before: Path | None = None

    @property
    def count(self) -> int:
        """How many thumbnails it takes."""
        return 1 if self.before is None else 2


def write_contact_sheet(folders: Sequence[tuple[Path, Manifest]], path: Path) -> Path:
    """Draw the pictures and first frames of some output folders, what is changed first.

    Args:
        folders: Each with what its manifest holds.
        path: Where the PNG goes.

    Raises:
        StorageError: It cannot be written.
    """
    every = [shot for folder, manifest in folders for shot in _list_shots(folder, manifest)]
    every.sort(key=lambda shot: ("changed", "new").index(shot.word) if shot.word else 2)
    shown = list(_fit(every))
    left_out = sum(shot.count for shot in every) - sum(shot.count for shot in shown)
    data = _draw(shown, _title([manifest for _, manifest in folders], left_out))
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        replace_bytes(path, data)
    except OSError as error:
        raise StorageError(f"cannot write {path}: {error.strerror}") from error
    return path


def _list_shots(folder: Path, manifest: Manifest) -> Iterator[Shot]:
    """Every picture and video of a folder that is there."""
    for row in manifest["inferences"]:
        shown = [asset for asset in row["assets"] if _is_seen(asset, folder)]
        for number, asset in enumerate(shown, 1):
            caption = row["id"] if len(shown) == 1 else f"{row['id']} {number}"
            before = _find_before(row, asset, folder)
            word = "changed" if before else "new" if row["status"] == "succeeded" else ""
            yield Shot(caption, word, folder / asset["path"], asset["content_type"], before)


def _is_seen(asset: AssetShape, folder: Path) -> bool:
    family = asset["content_type"].partition("/")[0]
    return family in {"image", "video"} and _is_here(asset["path"], folder)


def _find_before(row: InferenceShape, asset: AssetShape, folder: Path) -> Path | None:
    """What this run has replaced, where that is still kept."""
    if row["status"] != "succeeded" or not asset["replaced"]:
        return None
    return folder / asset["replaced"] if _is_here(asset["replaced"], folder) else None


def _is_here(path: str, folder: Path) -> bool:
    """Whether a file is in the folder: a manifest may come from a stranger's branch."""
    try:
        return (folder / path).is_file() and is_inside(folder / path, folder.resolve())
    except (OSError, ValueError):
        return False


def _fit(shots: Iterable[Shot]) -> Iterator[Shot]:
    room = MOST_THUMBNAILS
    for shot in shots:
        if shot.count <= room:
            room -= shot.count
            yield shot


def _title(manifests: Sequence[Manifest], left_out: int) -> str:
    names = [manifest["run"]["job_file"] for manifest in manifests]
    title = names[0] if len(names) == 1 else f"{len(names)} job files"
    sandbox = " (sandbox)" if any(manifest["sandbox"] for manifest in manifests) else ""
    rest = f", {left_out:,} more not shown" if left_out else ""
    return f"{title}{sandbox}{rest}"


# Drawing


def _draw(shots: Sequence[Shot], title: str) -> bytes:
    rows = _lay_out(shots)
    width = GAP + COLUMNS * (THUMBNAIL + GAP)
    height = HEAD + max(len(rows), 1) * (THUMBNAIL + CAPTION + GAP)
    sheet = Image.new("RGB", (width, height), _PAPER)
    pen = ImageDraw.Draw(sheet)
    write_lines(pen, (GAP, GAP), title, 18, width - 2 * GAP, fill=_INK, most_lines=1)
    if not shots:
        write_lines(pen, (GAP, HEAD + GAP), "no pictures", 18, width, fill=_SOFT)
    for number, row in enumerate(rows):
        top, left = HEAD + number * (THUMBNAIL + CAPTION + GAP), GAP
        for shot in row:
            _draw_shot(sheet, pen, shot, (left, top))
            left += shot.count * (THUMBNAIL + GAP)
    file = BytesIO()
    sheet.save(file, "PNG", optimize=True)
    return file.getvalue()


def _lay_out(shots: Iterable[Shot]) -> list[list[Shot]]:
    """Rows of at most COLUMNS thumbnails; a pair is never parted."""
    rows: list[list[Shot]] = []
    for shot in shots:
        used = sum(each.count for each in rows[-1]) if rows else COLUMNS
        if used + shot.count > COLUMNS:
            rows.append([])
        rows[-1].append(shot)
    return rows


def _draw_shot(
    sheet: Image.Image, pen: ImageDraw.ImageDraw, shot: Shot, at: tuple[int, int]
) -> None:
    left, top = at
    paths = [shot.after] if shot.before is None else [shot.before, shot.after]
    for number, path in enumerate(paths):
        x = left + number * (THUMBNAIL + GAP)
        _paste(sheet, pen, _open_small(path, shot.content_type), (x, top))
    if shot.before is not None:
        _draw_arrow(pen, left + THUMBNAIL, top + THUMBNAIL // 2)
    width = shot.count * (THUMBNAIL + GAP) - GAP
    below = top + THUMBNAIL + 4
    lines = 1 if shot.word else 2
    write_lines(pen, (left, below), shot.caption, _LETTER, width, fill=_INK, most_lines=lines)
    write_lines(pen, (left, below + 20), shot.word, _LETTER - 2, width, fill=_SOFT, most_lines=1)


def _paste(
    sheet: Image.Image,
    pen: ImageDraw.ImageDraw,
    picture: Image.Image | None,
    at: tuple[int, int],
) -> None:
    x, y = at
    pen.rectangle((x, y, x + THUMBNAIL - 1, y + THUMBNAIL - 1), fill=_FRAME, outline="#dcdcd6")
    if picture is None:
        write_lines(pen, (x + GAP, y + GAP), "not shown here", _LETTER, THUMBNAIL, fill=_SOFT)
        return
    place = (x + (THUMBNAIL - picture.width) // 2, y + (THUMBNAIL - picture.height) // 2)
    sheet.paste(picture, place, picture if picture.mode == "RGBA" else None)


def _draw_arrow(pen: ImageDraw.ImageDraw, x: int, y: int) -> None:
    """From what was to what is, in the gap between them."""
    pen.line((x + 3, y, x + GAP - 4, y), fill=_INK, width=2)
    pen.polygon(((x + GAP - 8, y - 5), (x + GAP - 2, y), (x + GAP - 8, y + 5)), fill=_INK)


def _open_small(path: Path, content_type: str) -> Image.Image | None:
    """A picture, or the first frame of a video, small; None where it cannot be shown."""
    with contextlib.suppress(*TROUBLE, Image.DecompressionBombError), quietly():
        picture = (
            open_first_frame(path) if content_type.startswith("video/") else _open_picture(path)
        )
        if picture is not None:
            picture.thumbnail((THUMBNAIL - 2, THUMBNAIL - 2), reducing_gap=2.0)
            seen_through = picture.mode in {"LA", "PA", "RGBA"} or "transparency" in picture.info
            return picture.convert("RGBA" if seen_through else "RGB")
    return None


def _open_picture(path: Path) -> Image.Image | None:
    with Image.open(path) as picture:
        picture.draft("RGB", (THUMBNAIL, THUMBNAIL))  # JPEG: decoded at a fraction of its size
        if picture.width * picture.height > _MOST_PIXELS:
            return None
        picture.load()
        return ImageOps.exif_transpose(picture)
