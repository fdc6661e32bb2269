"""Params as they may be written to a log: small, and without what nobody else should see."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from pathlib import Path, PurePath
from typing import TYPE_CHECKING

from vidi.inference.models.params.addresses import hide_url_secrets

if TYPE_CHECKING:
    from vidi.inference.models.param_schema import ParamSchema

LONGEST_TEXT = 500
"""Characters of a text that are logged whole."""
_SHOWN = 80
_REDACTED = "[redacted]"
_SECRET_NAME = re.compile(
    r"(^|[_-])(api[_-]?key|key|token|password|passwd|secret|authorization|credentials?)$",
    re.IGNORECASE,
)


def sanitize_parameters(
    params: Mapping[str, object], schema: ParamSchema | None = None
) -> dict[str, object]:
    """Copy params with descriptors in place of files, `data:` URIs, secrets and very long texts.

    Args:
        params: The inputs of an inference.
        schema: The model's JSON Schema; without it, a secret shows by its name alone and a file
            only where it is a `Path`, bytes or an open file.
    """
    fields = (schema or {}).get("properties", {})
    return {name: _sanitize(name, value, fields.get(name, {})) for name, value in params.items()}


def _sanitize(name: str, value: object, field: ParamSchema) -> object:
    if field.get("x-secret") or (isinstance(value, str) and _SECRET_NAME.search(name)):
        return _REDACTED
    if isinstance(value, str):
        return _describe_text(value, is_file=bool(field.get("x-file")))
    if isinstance(value, bytes | bytearray):
        return {"bytes": len(value), "sha256": hashlib.sha256(value).hexdigest()}
    if isinstance(value, PurePath):
        return _describe_file(Path(value))
    if isinstance(value, Mapping):
        inner = field.get("properties", {})
        return {key: _sanitize(str(key), each, inner.get(key, {})) for key, each in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_sanitize(name, each, field.get("items", field)) for each in value]
    if hasattr(value, "read"):
        return {"file": str(getattr(value, "name", type(value).__name__))}
    return value


def _describe_text(text: str, *, is_file: bool) -> object:
    if text[:5].lower() == "data:":
        kind = text[5:].partition(",")[0].partition(";")[0]
        return {"data": kind or "text/plain", "characters": len(text), "sha256": _hash(text)}
    if is_file and "://" not in text:
        return _describe_file(Path(text))
    if len(text) > LONGEST_TEXT:
        start = hide_url_secrets(text)[:_SHOWN]
        return {"text": f"{start}…", "characters": len(text), "sha256": _hash(text)}
    return hide_url_secrets(text)


def _describe_file(path: Path) -> dict[str, object]:
    """A file by its name, not by where it is: folders tell of people."""
    described: dict[str, object] = {"file": path.name}
    if path.is_file():
        described["bytes"] = path.stat().st_size
    return described


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()
