"""glTF: its JSON read, its buffers long enough for what it says is in them (glTF 2.0)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from vidi.inference.outputs.checking.spoilt import cut_short, damaged
from vidi.inference.outputs.checking.written.json_text import is_closed, parse, read_whole

if TYPE_CHECKING:
    from pathlib import Path
    from typing import BinaryIO

TYPE = "model/gltf-binary"
_JSON_CHUNK = 0x4E4F534A
_BIN_CHUNK = 0x004E4942
_MOST_CHUNKS = 16
"""That are kept: JSON, and the binary one behind it."""
_TOLD = frozenset(
    {"asset", "version", "buffers", "bufferViews", "buffer", "uri", "byteLength", "byteOffset"}
)
"""Names of what is held against the file."""


def check_glb(path: Path) -> str:
    """Check a binary glTF file; returns what is to be told of what was not checked.

    Raises:
        DownloadError: It is damaged or ends early.
    """
    size = path.stat().st_size
    with path.open("rb") as file:
        chunks = _read_chunks(file, size)
        kind, place, length = chunks[0] if chunks else (0, 0, 0)
        if kind != _JSON_CHUNK:
            raise damaged(TYPE, "it does not begin with its JSON")
        file.seek(place)
        data = read_whole(file, length)
        if data is None:
            file.seek(place)
            if not is_closed(file, length):
                raise damaged(TYPE, "a bracket or a string of its JSON does not end")
            return "too much JSON to be parsed: its buffers are not counted"
        try:
            told = parse(data, _TOLD)
        except (ValueError, RecursionError) as error:
            raise damaged(TYPE, error) from error
    held = next((length for kind, _, length in chunks[1:] if kind == _BIN_CHUNK), 0)
    try:
        check_buffers(told, held)
    except (AttributeError, LookupError, TypeError) as error:
        raise damaged(TYPE, f"its JSON is no glTF: {error}") from error
    return ""


def _read_chunks(file: BinaryIO, size: int) -> list[tuple[int, int, int]]:
    """Kind, place and length of each chunk; all are whole, the first ones are told."""
    chunks, place = list[tuple[int, int, int]](), 12
    while place < size:
        file.seek(place)
        head = file.read(8)
        length = int.from_bytes(head[:4], "little")
        if len(head) < 8 or place + 8 + length > size:
            raise cut_short(TYPE)
        if len(chunks) < _MOST_CHUNKS:
            chunks.append((int.from_bytes(head[4:], "little"), place + 8, length))
        place += 8 + length
    return chunks


def check_buffers(told: Any, held: int) -> None:
    """Hold what views and buffers say against each other and against the bytes that are there.

    Args:
        told: The JSON of the file.
        held: Bytes of the binary chunk, which is the first buffer where that has no address.

    Raises:
        DownloadError: A view reaches beyond its buffer, or the buffer beyond the file.
        AttributeError, LookupError, TypeError: It is no glTF.
    """
    told["asset"]["version"]  # what every glTF has
    buffers = told.get("buffers", [])
    if buffers and "uri" not in buffers[0] and buffers[0]["byteLength"] > held:
        raise cut_short(TYPE, "its buffer is longer than the file")
    for view in told.get("bufferViews", []):
        end = view.get("byteOffset", 0) + view["byteLength"]
        if end > buffers[view["buffer"]]["byteLength"]:
            raise damaged(TYPE, "a view reaches beyond its buffer")
