"""A page with its assets as one ZIP file, for people who are not to see what it cost."""

from __future__ import annotations

import os
import zipfile
from dataclasses import replace
from secrets import token_hex
from typing import TYPE_CHECKING

from vidi.errors import StorageError, UsageError
from vidi.runs.records.report.beside import Beside
from vidi.runs.records.report.render import render_report

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from vidi.runs.records.manifest.shape import AssetShape, InferenceShape, Manifest
    from vidi.runs.records.report.recorded import RecordedFolder
    from vidi.runs.records.report.shown import Shown

PAGE = "index.html"
_MARK = b"vidi report --share"
"""The comment of such a file: only one of these is replaced."""
_EPOCH = (1980, 1, 1, 0, 0, 0)
"""The time of every file in it: when something was made is nobody's business either."""


def write_share(folder: RecordedFolder, target: Path, shown: Shown) -> Path:
    """Write the page, its thumbnails and its assets; whole or not at all.

    What failed is left out, as is what is not there any more, and what people said in a review.

    Args:
        folder: What is on record, of one folder or of several together.
        target: The file; an earlier one of this kind is replaced.
        shown: What is said beside the assets.

    Raises:
        UsageError: Another file is there.
        StorageError: It cannot be written.
    """
    _refuse_other(target)
    manifest = _leave_out(folder.manifest, folder.path, shown)
    beside = _leave_beside(folder.beside, manifest)
    page = render_report(manifest, beside, shown=replace(shown, files=False))
    partial = target.with_name(f".vidi-tmp-{token_hex(8)}")
    try:
        with zipfile.ZipFile(partial, "x") as packed:
            packed.comment = _MARK
            _write(packed, PAGE, page.encode(errors="replace"))
            for name, path in _list_files(folder, manifest, beside):
                with path.open("rb") as file:
                    _write(packed, name, file.read(), stored=True)
        return partial.replace(target)
    except OSError as error:
        raise StorageError(f"cannot write {target}: {error.strerror}") from error
    finally:
        partial.unlink(missing_ok=True)


def _refuse_other(target: Path) -> None:
    if not os.path.lexists(target):
        return
    try:
        with zipfile.ZipFile(target) as packed:
            ours = packed.comment == _MARK
    except (OSError, zipfile.BadZipFile):
        ours = False
    if not ours:
        raise UsageError(f"{target} exists already and vidi did not make it", hint="Move it.")


def _leave_out(manifest: Manifest, folder: Path, shown: Shown) -> Manifest:
    rows = [_leave_of_row(row, folder, shown) for row in manifest["inferences"]]
    return {**manifest, "inferences": [row for row in rows if row["assets"]]}


def _leave_of_row(row: InferenceShape, folder: Path, shown: Shown) -> InferenceShape:
    assets = [asset for asset in row["assets"] if _find(folder, asset["path"]) is not None]
    kept: InferenceShape = {**row, "assets": assets}
    if not shown.params:
        kept.pop("axes", None)
        kept = {**kept, "params": {}, "reason": "", "error": None}
    return kept


def _leave_beside(beside: Beside, manifest: Manifest) -> Beside:
    paths = {asset["path"] for asset in _list_assets(manifest)}
    return Beside(
        {path: text for path, text in beside.texts.items() if path in paths},
        {path: _place(small) for path, small in beside.thumbnails.items() if path in paths},
    )


def _place(thumbnail: str) -> str:
    """Where a thumbnail lies in the file: in no folder that a file manager hides."""
    return f"thumbs/{thumbnail.rpartition('/')[2]}"


def _list_files(
    folder: RecordedFolder, manifest: Manifest, beside: Beside
) -> Iterator[tuple[str, Path]]:
    """Each file, by its name in the ZIP, once."""
    named = {asset["path"]: asset["path"] for asset in _list_assets(manifest)}
    named |= {beside.thumbnails[path]: folder.beside.thumbnails[path] for path in beside.thumbnails}
    for name, source in sorted(named.items()):
        if (path := _find(folder.path, source)) is not None:
            yield name, path


def _list_assets(manifest: Manifest) -> Iterator[AssetShape]:
    for row in manifest["inferences"]:
        yield from row["assets"]


def _find(folder: Path, relative: str) -> Path | None:
    """A file of the folder; None where it is not there, or lies elsewhere."""
    try:
        path = (folder / relative).resolve()
        plain = ".." not in relative.split("/") and path.is_relative_to(folder.resolve())
        return path if plain and path.is_file() else None
    except (OSError, ValueError):  # ValueError: no file can have that name
        return None


def _write(packed: zipfile.ZipFile, name: str, data: bytes, *, stored: bool = False) -> None:
    info = zipfile.ZipInfo(name, _EPOCH)
    info.compress_type = zipfile.ZIP_STORED if stored else zipfile.ZIP_DEFLATED
    info.external_attr = 0o644 << 16
    packed.writestr(info, data)
