"""Whether a file is what was paid for: whole, of the right kind, and one that opens.

A PNG is read in a stream; Pillow and PyAV do the other opening, each within a bound of memory, and
are imported only when a file needs them.
"""

from __future__ import annotations

import os
from pathlib import PurePath
from typing import TYPE_CHECKING

from vidi.errors import DownloadError
from vidi.inference.models.template import OutputType
from vidi.inference.outputs.checking.facts import Facts
from vidi.inference.outputs.checking.images.png import check_png
from vidi.inference.outputs.checking.kinds import refuse_other_kinds, wanted
from vidi.inference.outputs.checking.meshes.counted import check_obj, check_ply, check_stl
from vidi.inference.outputs.checking.meshes.gltf import check_glb
from vidi.inference.outputs.checking.signatures import (
    HEAD_BYTES,
    UNKNOWN,
    content_type_of,
    missing_bytes,
)
from vidi.inference.outputs.checking.written.json_text import check_json
from vidi.inference.outputs.checking.written.text import check_svg, check_text

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path


_BY_NAME = {
    "obj": "model/obj",
    "ply": "model/ply",
    "stl": "model/stl",
    "fbx": "model/fbx",
    "splat": "model/splat",
    "tga": "image/x-tga",
    "srt": "application/x-subrip",
}
"""Formats that no first bytes give away, by the extension that the provider gave them."""

_MESHES = {
    "model/obj": check_obj,
    "model/ply": check_ply,
    "model/stl": check_stl,
}
_UTF_16 = frozenset({b"\xff\xfe", b"\xfe\xff"})


def verify(
    path: Path, kinds: Collection[OutputType], name: str = "", *, full: bool = False
) -> Facts:
    """Check a file that has just come.

    Args:
        path: The file.
        kinds: What it may be.
        name: The provider's name for it: its extension tells formats that have no first bytes.
        full: Whether every frame is decoded, whatever memory and time that takes.

    Raises:
        DownloadError: It is empty, cut short, damaged or something else; says what came.
    """
    with path.open("rb", buffering=0) as file:
        size, head = os.fstat(file.fileno()).st_size, file.read(HEAD_BYTES)
    if size == 0:
        raise DownloadError(f"an empty file instead of {wanted(kinds)}", transient=True)
    content_type = _typed(head, name, kinds)
    refuse_other_kinds(content_type, kinds, head, opened=False)
    if set(kinds) == {OutputType.FILE}:
        return Facts(content_type)
    missing = missing_bytes(path, content_type, size)
    if missing > 0:
        raise DownloadError(
            f"the {content_type} file is cut short: {missing} bytes are missing", transient=True
        )
    facts = _open(path, content_type, kinds, full=full)
    refuse_other_kinds(facts.content_type, kinds, head, opened=True)
    return facts


def _typed(head: bytes, name: str, kinds: Collection[OutputType]) -> str:
    """The type that the bytes show, and where they leave it open, the name or what is wanted."""
    only_text = set(kinds) == {OutputType.TEXT}
    if only_text and head[:2] in _UTF_16:
        return "text/plain"  # its first bytes would pass for those of an MP3
    content_type = content_type_of(head)
    extension = PurePath(name).suffix.lower().lstrip(".")
    if content_type == "application/json" and OutputType.THREE_D in kinds:
        return "model/gltf+json" if extension == "gltf" or b'"asset"' in head else content_type
    if content_type == "text/plain" and set(kinds) == {OutputType.JSON}:
        return "application/json"  # a bare number or string
    if content_type in {UNKNOWN, "text/plain"}:
        content_type = _BY_NAME.get(extension, content_type)
    if only_text and _is_other_text(content_type, head):
        return "text/plain"  # in another encoding than UTF-8: kept as it came, and told
    return content_type


def _is_other_text(content_type: str, head: bytes) -> bool:
    return content_type == UNKNOWN and b"\0" not in head


def _open(path: Path, content_type: str, kinds: Collection[OutputType], *, full: bool) -> Facts:
    family = content_type.partition("/")[0]
    if content_type == "image/svg+xml":
        check_svg(path)
    elif family == "image":
        return _open_image(path, content_type, full=full)
    elif family in {"video", "audio"}:
        return _open_stream(path, content_type, full=full)
    elif family == "text" or content_type == "application/x-subrip":
        return Facts(content_type, warning=check_text(path))
    elif content_type in {"application/json", "model/gltf+json"}:
        return check_json(path, content_type, kinds)
    elif content_type == "model/gltf-binary":
        return Facts(content_type, warning=check_glb(path))
    elif content_type in _MESHES:
        _MESHES[content_type](path)
    else:
        return Facts(content_type, warning=f"{content_type} is kept as it came: not opened")
    return Facts(content_type)


def _open_image(path: Path, content_type: str, *, full: bool) -> Facts:
    if content_type == "image/png" and not full:
        return check_png(path)
    if content_type == "image/webp":
        from vidi.inference.outputs.checking.images.webp.check import check_webp

        return check_webp(path, full=full)
    from vidi.inference.outputs.checking.images.raster import open_image

    return open_image(path, content_type, full=full)


def _open_stream(path: Path, content_type: str, *, full: bool) -> Facts:
    from vidi.inference.outputs.checking.recordings.stream import open_stream

    return open_stream(path, content_type, full=full)
