"""XMP in a WebP: a chunk at the end, and a VP8X chunk before all that says so.

https://developers.google.com/speed/webp/docs/riff_container
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, BinaryIO, NamedTuple

from vidi.inference.outputs.marking.place import (
    SIGNED,
    UnmarkableError,
    copy,
    read_exactly,
    refuse_large,
    refuse_many,
)

if TYPE_CHECKING:
    from vidi.inference.outputs.marking.place import Packet

_XMP_FLAG, _ALPHA_FLAG = 0x04, 0x10


class _Chunk(NamedTuple):
    kind: bytes
    start: int
    """Where its content begins."""
    size: int

    @property
    def padded(self) -> int:
        return self.size + self.size % 2


def write_marked(source: BinaryIO, target: BinaryIO, packet: Packet) -> None:
    """Copy a WebP with a packet in it.

    Raises:
        UnmarkableError: It is no WebP, or signed.
    """
    head = read_exactly(source, 12)
    if head[:4] != b"RIFF" or head[8:] != b"WEBP":
        raise UnmarkableError("it is no WebP")
    chunks = _list_chunks(source, struct.unpack("<I", head[4:8])[0] + 8)
    if any(chunk.kind == b"C2PA" for chunk in chunks):
        raise UnmarkableError(SIGNED)
    old = [chunk for chunk in chunks if chunk.kind == b"XMP "]
    refuse_large(max((chunk.size for chunk in old), default=0))
    content = packet(_read(source, old[0]) if old else None)
    extended = _describe(source, chunks)
    kept = [chunk for chunk in chunks if chunk.kind not in {b"XMP ", b"VP8X"}]
    padding = bytes(len(content) % 2)
    size = 4 + 18 + sum(8 + chunk.padded for chunk in kept) + 8 + len(content) + len(padding)
    target.write(struct.pack("<4sI4s4sI", b"RIFF", size, b"WEBP", b"VP8X", 10) + extended)
    for chunk in kept:
        source.seek(chunk.start - 8)
        copy(source, target, 8 + chunk.padded)
    target.write(struct.pack("<4sI", b"XMP ", len(content)) + content + padding)


def _list_chunks(source: BinaryIO, end: int) -> list[_Chunk]:
    chunks = []
    while source.tell() + 8 <= end:
        kind, size = struct.unpack("<4sI", read_exactly(source, 8))
        chunks.append(_Chunk(kind, source.tell(), size))
        refuse_many(len(chunks))
        source.seek(chunks[-1].padded, 1)
    return chunks


def _read(source: BinaryIO, chunk: _Chunk) -> bytes:
    source.seek(chunk.start)
    return read_exactly(source, chunk.size)


def _describe(source: BinaryIO, chunks: list[_Chunk]) -> bytes:
    """The content of VP8X: of the one that is there, or of the picture, with the flag for XMP."""
    kinds = {chunk.kind: chunk for chunk in reversed(chunks)}
    if b"VP8X" in kinds:
        content = bytearray(_read(source, kinds[b"VP8X"]))
        content[0] |= _XMP_FLAG
        return bytes(content)
    if b"VP8L" in kinds:
        source.seek(kinds[b"VP8L"].start)
        packed = int.from_bytes(read_exactly(source, 5)[1:], "little")
        width, height = packed & 0x3FFF, packed >> 14 & 0x3FFF  # each less one
        alpha = _ALPHA_FLAG if packed >> 28 & 1 else 0
    elif b"VP8 " in kinds:
        source.seek(kinds[b"VP8 "].start)
        width, height = struct.unpack("<HH", read_exactly(source, 10)[6:])
        width, height, alpha = (width & 0x3FFF) - 1, (height & 0x3FFF) - 1, 0
    else:
        raise UnmarkableError("it is not built as a WebP is")
    flags = bytes([_XMP_FLAG | alpha, 0, 0, 0])
    return flags + width.to_bytes(3, "little") + height.to_bytes(3, "little")
