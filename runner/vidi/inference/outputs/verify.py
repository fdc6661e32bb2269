"""Whether a file is what was paid for: whole, of the right kind, and one that opens.

Pillow and PyAV do the opening (`decode.py`), and are imported only when a file needs them.
"""

from __future__ import annotations

import codecs
import json
from dataclasses import dataclass, replace
from pathlib import PurePath
from typing import TYPE_CHECKING

from vidi.errors import DownloadError
from vidi.inference.models.template import OutputType
from vidi.inference.outputs.signatures import (
    HEAD_BYTES,
    UNKNOWN,
    content_type_of,
    missing_bytes,
)

if TYPE_CHECKING:
    from collections.abc import Collection
    from decimal import Decimal
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class Facts:
    """What a file was found to be."""

    content_type: str
    width: int | None = None
    """Pixels."""
    height: int | None = None
    """Pixels."""
    duration_s: Decimal | None = None
    """Seconds."""
    warning: str = ""


_NOUNS = {
    OutputType.IMAGE: "an image",
    OutputType.VIDEO: "a video",
    OutputType.AUDIO: "an audio file",
    OutputType.TEXT: "text",
    OutputType.THREE_D: "a 3D model",
    OutputType.JSON: "JSON",
}
_BUNDLES = frozenset({"application/zip", "application/gzip", "application/x-tar"})
_MOVING_IMAGES = frozenset({"image/gif", "image/webp", "image/png", "image/avif"})
_BY_NAME = {
    "obj": "model/obj",
    "ply": "model/ply",
    "stl": "model/stl",
    "fbx": "model/fbx",
    "splat": "model/splat",
    "srt": "application/x-subrip",
}
"""Formats that no first bytes give away, by the extension that the provider gave them."""

_JSON_LIMIT = 256 * 1024 * 1024
_CHUNK = 1024 * 1024


def verify(path: Path, kinds: Collection[OutputType], name: str = "") -> Facts:
    """Check a file that has just come.

    Args:
        path: The file.
        kinds: What it may be.
        name: The provider's name for it: its extension tells formats that have no first bytes.

    Raises:
        DownloadError: It is empty, cut short, damaged or something else; says what came.
    """
    size = path.stat().st_size
    if size == 0:
        raise DownloadError(f"an empty file instead of {_wanted(kinds)}", transient=True)
    with path.open("rb") as file:
        head = file.read(HEAD_BYTES)
    content_type = _typed(head, name)
    _refuse_other_kinds(content_type, kinds, head)
    missing = missing_bytes(path, content_type, size)
    if missing > 0:
        raise DownloadError(
            f"the {content_type} file is cut short: {missing} bytes are missing", transient=True
        )
    facts = _open(path, content_type, size)
    if facts.content_type != content_type:
        _refuse_other_kinds(facts.content_type, kinds, head)
    return facts


def _typed(head: bytes, name: str) -> str:
    content_type = content_type_of(head)
    if content_type in {UNKNOWN, "text/plain"}:
        extension = PurePath(name).suffix.lower().lstrip(".")
        return _BY_NAME.get(extension, content_type)
    return content_type


def _refuse_other_kinds(content_type: str, kinds: Collection[OutputType], head: bytes) -> None:
    if not any(_is_kind(content_type, kind) for kind in kinds) or (
        content_type == "text/html" and set(kinds) != {OutputType.TEXT}
    ):
        raise DownloadError(f"{_what_came(content_type, head)} instead of {_wanted(kinds)}")


def _is_kind(content_type: str, kind: OutputType) -> bool:
    """Whether a type may pass as a kind, before it is opened."""
    family = content_type.partition("/")[0]
    if content_type in _BUNDLES:
        return True
    match kind:
        case OutputType.IMAGE:
            return family == "image"
        case OutputType.VIDEO:
            return family == "video" or content_type in _MOVING_IMAGES
        case OutputType.AUDIO:
            return family == "audio"
        case OutputType.THREE_D:
            return family == "model" or content_type == "application/json"
        case OutputType.TEXT:
            return family == "text" or content_type in {
                "application/json",
                "application/x-subrip",
                "application/pdf",
            }
        case OutputType.JSON:
            return content_type in {"application/json", "text/plain"}


def _wanted(kinds: Collection[OutputType]) -> str:
    ordered = [kind for kind in OutputType if kind in kinds]
    return "a media file" if len(ordered) > 2 else " or ".join(_NOUNS[kind] for kind in ordered)


def _what_came(content_type: str, head: bytes) -> str:
    """Words for what came; text is quoted, since it usually says what went wrong."""
    family, _, form = content_type.partition("/")
    if content_type == "text/html":
        return "an HTML page"
    if content_type in {"text/plain", "application/json", "text/xml"}:
        words = " ".join(head[:400].decode("utf-8", errors="replace").split())
        shown = words if len(words) <= 80 else f"{words[:79]}…"
        noun = {"plain": "text", "json": "JSON", "xml": "an XML document"}[form]
        return f"{noun} ({shown})"
    if content_type == UNKNOWN:
        return "data of an unknown kind"
    nouns = {
        "image": "an image",
        "video": "a video",
        "audio": "an audio file",
        "model": "a 3D model",
    }
    return f"{nouns[family]} ({content_type})" if family in nouns else f"a file of {content_type}"


def _open(path: Path, content_type: str, size: int) -> Facts:
    family = content_type.partition("/")[0]
    if content_type == "image/svg+xml":
        _check_svg(path, size)
    elif family == "image":
        return _open_image(path, content_type)
    elif family in {"video", "audio"}:
        return _open_stream(path, content_type)
    elif family == "text" or content_type == "application/x-subrip":
        _check_text(path)
    elif content_type == "application/json":
        return _check_json(path, size)
    elif content_type != "model/gltf-binary":
        return Facts(content_type, warning=f"{content_type} is kept as it came: not opened")
    return Facts(content_type)


def _open_image(path: Path, content_type: str) -> Facts:
    from vidi.inference.outputs.decode import open_image

    return open_image(path, content_type)


def _open_stream(path: Path, content_type: str) -> Facts:
    from vidi.inference.outputs.decode import open_stream

    return open_stream(path, content_type)


def _check_svg(path: Path, size: int) -> None:
    """Look for the end of the drawing; nothing in it is expanded or run."""
    with path.open("rb") as file:
        file.seek(max(0, size - HEAD_BYTES))
        if not file.read().rstrip().endswith((b"</svg>", b"/>", b"-->")):
            raise DownloadError("the image/svg+xml file is cut short", transient=True)


def _check_text(path: Path) -> None:
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        with path.open("rb") as file:
            while chunk := file.read(_CHUNK):
                decoder.decode(chunk)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError as error:
        raise DownloadError("the text is not UTF-8") from error


def _check_json(path: Path, size: int) -> Facts:
    facts = Facts("application/json")
    if size > _JSON_LIMIT:
        return replace(facts, warning="the JSON is too large to be checked")
    try:
        json.loads(path.read_bytes())
    except (ValueError, RecursionError) as error:
        if _is_json_lines(path):
            return facts
        raise DownloadError(f"the JSON does not read: {error}", transient=True) from error
    return facts


def _is_json_lines(path: Path) -> bool:
    """Whether every line is JSON of its own, and there are several."""
    count = 0
    try:
        with path.open("rb") as file:
            for line in file:
                if line.strip():
                    json.loads(line)
                    count += 1
    except (ValueError, RecursionError):
        return False
    return count > 1
