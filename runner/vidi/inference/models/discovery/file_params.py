"""Which inputs are files, and of which kind: the schemas say it in hints and in names."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from vidi.json_values import as_object

if TYPE_CHECKING:
    from vidi.json_values import JsonMapping

KINDS = (
    ("file", ("lora", "embedding", "model_url", "weights", "zip", "pdf", "document")),
    ("video", ("video", "clip")),
    ("audio", ("audio", "voice", "speaker", "song", "instrumental", "music", "sound")),
    ("image", ("image", "frame", "mask", "face", "img", "photo", "style", "subject", "character")),
)
"""The words in a name that tell, the first that fits."""

_ADDRESS = re.compile(r"(^|_)urls?($|_)")
_FIELDS = ("image", "video", "audio", "file")
"""What fal's forms ask for."""


def file_kind(name: str, schema: JsonMapping) -> str:
    """`image`, `video`, `audio` or `file`; empty where a text is no file."""
    if schema.get("type") != "string" or "enum" in schema:
        return ""
    field = as_object(schema.get("ui")).get("field")
    hint = str(schema.get("_fal_ui_field", field))
    told = hint if hint in _FIELDS else ""
    named = "format" not in schema and _ADDRESS.search(name.lower())
    if not told and schema.get("format") != "uri" and not named:
        return ""
    return told or _by_name(name.lower(), str(schema.get("description", "")).lower())


def _by_name(name: str, description: str) -> str:
    """The kind that the name tells, else the description."""
    for text in (name, description):
        for kind, words in KINDS:
            if any(word in text for word in words):
                return kind
    return "file"
