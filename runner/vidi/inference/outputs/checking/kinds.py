"""Which content types pass as which kind of output, and words for those that do not."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vidi.errors import DownloadError
from vidi.inference.models.template import OutputType
from vidi.inference.outputs.checking.signatures import UNKNOWN

if TYPE_CHECKING:
    from collections.abc import Collection

_NOUNS = {
    OutputType.IMAGE: "an image",
    OutputType.VIDEO: "a video",
    OutputType.AUDIO: "an audio file",
    OutputType.TEXT: "text",
    OutputType.THREE_D: "a 3D model",
    OutputType.JSON: "JSON",
    OutputType.FILE: "a file",
}
_FAMILIES = {
    OutputType.IMAGE: "image",
    OutputType.VIDEO: "video",
    OutputType.AUDIO: "audio",
    OutputType.TEXT: "text",
    OutputType.THREE_D: "model",
    OutputType.JSON: "",
    OutputType.FILE: "",
}
_ALSO = {
    OutputType.VIDEO: frozenset({"image/gif", "image/webp", "image/png", "image/avif"}),
    OutputType.TEXT: frozenset({"application/json", "application/x-subrip", "application/pdf"}),
    OutputType.JSON: frozenset({"application/json"}),
}
"""Types of another family that pass too: images that move, documents that are read."""

_BUNDLES = frozenset({"application/zip", "application/gzip", "application/x-tar"})
_SAID = frozenset({"text/html", "text/plain", "text/xml", "application/json"})
"""What a server on the way says in a file's place, perhaps only this once."""
_MAY_HOLD_PICTURES = frozenset({"audio/mp4", "audio/ogg"})


def refuse_other_kinds(
    content_type: str, kinds: Collection[OutputType], head: bytes, *, opened: bool
) -> None:
    """Refuse a type that is none of the kinds.

    Args:
        content_type: What the file is.
        kinds: What it may be.
        head: Its first bytes, to be quoted where they are text.
        opened: Whether the type is what was found inside, and no longer only the container's.

    Raises:
        DownloadError: It is none of them; says what came.
    """
    if content_type == "text/html":
        fits = set(kinds) == {OutputType.TEXT}
    else:
        fits = _takes_all(kinds) or any(
            _is_kind(content_type, kind) or (not opened and _may_turn_out(content_type, kind))
            for kind in kinds
        )
    if not fits:
        message = f"{_what_came(content_type, head)} instead of {wanted(kinds)}"
        raise DownloadError(message, transient=content_type in _SAID)


def wanted(kinds: Collection[OutputType]) -> str:
    """Words for what may come."""
    ordered = [kind for kind in OutputType if kind in kinds]
    return "a file" if _takes_all(kinds) else " or ".join(_NOUNS[kind] for kind in ordered)


def _takes_all(kinds: Collection[OutputType]) -> bool:
    """Whether anything will do: a side product may be of a form that we do not know."""
    return set(kinds) == set(OutputType)


def _is_kind(content_type: str, kind: OutputType) -> bool:
    if kind is OutputType.FILE:
        return True
    family = content_type.partition("/")[0]
    also = _ALSO.get(kind, frozenset())
    return family == _FAMILIES[kind] or content_type in also or content_type in _BUNDLES


def _may_turn_out(content_type: str, kind: OutputType) -> bool:
    """Whether a container may, when it is opened, turn out to hold that kind."""
    if kind is OutputType.AUDIO:
        return content_type.startswith("video/")
    return kind is OutputType.VIDEO and content_type in _MAY_HOLD_PICTURES


def _what_came(content_type: str, head: bytes) -> str:
    """Words for what came; text is quoted, since it usually says what went wrong."""
    family, _, form = content_type.partition("/")
    if content_type == "text/html":
        return "an HTML page"
    if content_type == UNKNOWN:
        return "data of an unknown kind"
    if content_type in {"text/plain", "application/json", "text/xml"}:
        noun = {"plain": "text", "json": "JSON", "xml": "an XML document"}[form]
        return f"{noun} ({_quoted(head)})"
    kind = next((kind for kind, name in _FAMILIES.items() if name == family), None)
    return f"a file of {content_type}" if kind is None else f"{_NOUNS[kind]} ({content_type})"


def _quoted(head: bytes) -> str:
    words = " ".join(head[:400].decode("utf-8", errors="replace").split())
    return words if len(words) <= 80 else f"{words[:79]}…"
