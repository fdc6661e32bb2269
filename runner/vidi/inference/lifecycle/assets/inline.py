"""Long `data:` URIs of an answer, beside the journal: it is read whole by every run of the folder.

In the place of each stands its hash; a run that was cut off after it finds the text in
`.vidi/inline`. What is not there any more is as gone as a file that its provider no longer keeps.
"""

from __future__ import annotations

import asyncio
import hashlib
import re
from pathlib import Path
from typing import TYPE_CHECKING

from vidi.errors import DownloadError, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable

    from vidi.inference.outputs.keeping.asset_store import AssetStore

INLINE = Path(".vidi") / "inline"
LONGEST = 16 * 1024
"""Characters of a `data:` URI that the journal itself holds."""
_REFERENCE = re.compile(r"vidi-inline://([0-9a-f]{64})")


async def set_aside(output: object, assets: AssetStore | None) -> object:
    """An answer as the journal is to have it: each long `data:` URI in a file of its own.

    Raises:
        StorageError: The disk is full or read-only.
    """
    if assets is None or not _holds(output, _is_long):
        return output
    return await asyncio.to_thread(_map, output, lambda text: _write(text, assets))


async def recall(output: object, assets: AssetStore | None) -> object:
    """The answer that `set_aside` was given; nothing in the place of what is lost."""
    if assets is None or not _holds(output, lambda text: _REFERENCE.fullmatch(text) is not None):
        return output
    return await asyncio.to_thread(_map, output, lambda text: _read(text, assets))


def _is_long(text: str) -> bool:
    return len(text) > LONGEST and text[:5].lower() == "data:"


def _holds(value: object, wanted: Callable[[str], bool]) -> bool:
    if isinstance(value, str):
        return wanted(value)
    inner = list(value.values()) if isinstance(value, dict) else value
    return isinstance(inner, list) and any(_holds(each, wanted) for each in inner)


def _map(value: object, change: Callable[[str], str]) -> object:
    """A JSON value with its texts changed."""
    if isinstance(value, str):
        return change(value)
    if isinstance(value, list):
        return [_map(each, change) for each in value]
    if isinstance(value, dict):
        return {name: _map(each, change) for name, each in value.items()}
    return value


def _write(text: str, assets: AssetStore) -> str:
    if not _is_long(text):
        return text
    content = text.encode()
    name = hashlib.sha256(content).hexdigest()
    place = (INLINE / name).as_posix()
    try:
        staging = assets.stage(place)
        try:
            staging.write([content])
            assets.publish(staging.path, place, staging.finish(), overwrite=True)
        finally:
            staging.discard()
    except (DownloadError, UsageError):
        return text  # it was paid for: better in the journal than nowhere
    return f"vidi-inline://{name}"


def _read(text: str, assets: AssetStore) -> str:
    found = _REFERENCE.fullmatch(text)
    if found is None:
        return text
    try:
        content = b"".join(assets.read((INLINE / found[1]).as_posix()))
    except (OSError, UsageError):
        return ""
    return content.decode() if hashlib.sha256(content).hexdigest() == found[1] else ""
