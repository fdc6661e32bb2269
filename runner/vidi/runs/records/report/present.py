"""How a page presents what a manifest says: kinds, links, anchors, and params as text."""

from __future__ import annotations

import json
import re
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Literal
from urllib.parse import quote

if TYPE_CHECKING:
    from collections.abc import Mapping

    from vidi.runs.records.manifest.shape import AssetShape

Kind = Literal["image", "video", "audio", "text", "file"]

# Images that browsers draw; the others (TIFF, EXR, HEIC…) would be a broken picture.
_DRAWN = {"png", "apng", "jpeg", "webp", "gif", "avif", "svg+xml", "bmp"}
_PROMPTS = ("prompt", "text", "input_text", "lyrics", "script", "positive_prompt")
"""The params that say in words what was asked for, best first."""
_ACTIVE_TYPES = ("html", "svg", "xml")
_ACTIVE_NAMES = frozenset(
    {".htm", ".html", ".mht", ".mhtml", ".shtml", ".svg", ".svgz", ".xht", ".xhtml", ".xml", ".xsl"}
)
"""What a browser opens as a page of its own, with scripts: a file by its name, a disk has no
types."""
_SPACE = re.compile(r"\s")


def name_kind(asset: AssetShape) -> Kind:
    """Name how a page presents an asset: image, video, audio, text, or file for a mere link."""
    content_type: str = asset["content_type"]
    family, _, subtype = content_type.partition(";")[0].strip().lower().partition("/")
    match family:
        case "image":
            return "image" if subtype in _DRAWN else "file"
        case "video" | "audio" | "text":
            return family
        case "application":
            return "text" if subtype.endswith(("json", "xml")) else "file"
        case _:
            return "file"


def is_active(path: str, content_type: str = "") -> bool:
    """Whether a browser would run what is in a file: then it is shown, and nothing leads into it.

    A drawing in SVG is harmless in an `<img>`, and a page with scripts behind a link.
    """
    named = PurePosixPath(path).suffix.lower() in _ACTIVE_NAMES
    return named or any(each in content_type.lower() for each in _ACTIVE_TYPES)


def link_to(path: str) -> str:
    """Write a path as a relative URL that no browser takes for a scheme, a host or a query."""
    return "./" + quote(path.encode("utf-8", "surrogatepass"))


def anchor_of(key: str) -> str:
    """The anchor of an inference on its page: the same for as long as its id is."""
    return "i-" + _SPACE.sub("_", key)


def find_prompt(params: Mapping[str, object]) -> str:
    """Find the words that say what was asked for; empty where there are none."""
    said = (params.get(name) for name in _PROMPTS)
    return next((text for text in said if isinstance(text, str) and text), "")


def format_param(value: object) -> str:
    """Write a param as text: text as it is, anything else as JSON."""
    if isinstance(value, str):
        return value
    indent = 2 if isinstance(value, dict | list) else None
    return json.dumps(value, ensure_ascii=False, indent=indent, default=str)
