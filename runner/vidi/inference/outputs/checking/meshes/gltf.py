"""glTF: its JSON read, its buffers long enough for what it says is in them (glTF 2.0)."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from vidi.inference.outputs.checking.spoilt import cut_short, damaged

if TYPE_CHECKING:
    from pathlib import Path
    from typing import BinaryIO

TYPE = "model/gltf-binary"
_JSON_CHUNK = 0x4E4F534A
_BIN_CHUNK = 0x004E4942
_LARGEST_JSON = 256 << 20


def check_glb(path: Path) -> None:
    """Check a binary glTF file.

    Raises:
        DownloadError: It is damaged or ends early.
    """
    size = path.stat().st_size
    with path.open("rb") as file:
        chunks = _read_chunks(file, size)
        kind, place, length = chunks[0] if chunks else (0, 0, 0)
        if kind != _JSON_CHUNK or length > _LARGEST_JSON:
            raise damaged(TYPE, "it does not begin with its JSON")
        file.seek(place)
        try:
            told = json.loads(file.read(length))
        except (ValueError, RecursionError) as error:
            raise damaged(TYPE, error) from error
    held = next((length for kind, _, length in chunks[1:] if kind == _BIN_CHUNK), 0)
    try:
        check_buffers(told, held)
    except (AttributeError, LookupError, TypeError) as error:
        raise damaged(TYPE, f"its JSON is no glTF: {error}") from error


def _read_chunks(file: BinaryIO, size: int) -> list[tuple[int, int, int]]:
    """Kind, place and length of each chunk."""
    chunks, place = [], 12
    while place < size:
        file.seek(place)
        head = file.read(8)
        length = int.from_bytes(head[:4], "little")
        if len(head) < 8 or place + 8 + length > size:
            raise cut_short(TYPE)
        chunks.append((int.from_bytes(head[4:], "little"), place + 8, length))
        place += 8 + length
    return chunks


def check_buffers(told: dict[str, list[dict[str, int]]], held: int) -> None:
    """Hold what views and buffers say against each other and against the bytes that are there.

    Args:
        told: The JSON of the file.
        held: Bytes of the binary chunk, which is the first buffer where that has no address.

    Raises:
        DownloadError: A view reaches beyond its buffer, or the buffer beyond the file.
        AttributeError, LookupError, TypeError: It is no glTF.
    """
    told["asset"]["version"]  # type: ignore[call-overload]  # what every glTF has
    buffers = told.get("buffers", [])
    if buffers and "uri" not in buffers[0] and buffers[0]["byteLength"] > held:
        raise cut_short(TYPE, "its buffer is longer than the file")
    for view in told.get("bufferViews", []):
        end = view.get("byteOffset", 0) + view["byteLength"]
        if end > buffers[view["buffer"]]["byteLength"]:
            raise damaged(TYPE, "a view reaches beyond its buffer")
