"""XMP in a PNG: an iTXt chunk of its own keyword, before the picture.

https://www.w3.org/TR/png-3/#11iTXt and XMP Specification Part 3, 1.1.5.
"""

from __future__ import annotations

import struct
import zlib
from typing import TYPE_CHECKING, BinaryIO, NamedTuple

from vidi.inference.outputs.marking.place import (
    LARGEST_PACKET,
    SIGNED,
    UnmarkableError,
    copy,
    read_exactly,
    refuse_large,
    refuse_many,
)

if TYPE_CHECKING:
    from vidi.inference.outputs.marking.place import Packet

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_KEYWORD = b"XML:com.adobe.xmp\0"


class _Chunk(NamedTuple):
    kind: bytes
    start: int
    """Where its length stands."""
    size: int
    """Of its content."""

    @property
    def end(self) -> int:
        return self.start + 12 + self.size


def write_marked(source: BinaryIO, target: BinaryIO, packet: Packet) -> None:
    """Copy a PNG with a packet in it.

    Raises:
        UnmarkableError: It is no PNG, or signed.
    """
    if source.read(8) != _SIGNATURE:
        raise UnmarkableError("it is no PNG")
    chunks = _list_chunks(source)
    if not chunks or chunks[0].kind != b"IHDR":
        raise UnmarkableError("it is not built as a PNG is")
    if any(chunk.kind == b"caBX" for chunk in chunks):
        raise UnmarkableError(SIGNED)
    old = {chunk: text for chunk in chunks if (text := _read_packet(source, chunk)) is not None}
    content = _KEYWORD + bytes(4) + packet(next(iter(old.values()), None))
    source.seek(0)
    copy(source, target, chunks[0].end)
    target.write(struct.pack(">I", len(content)) + b"iTXt" + content)
    target.write(struct.pack(">I", zlib.crc32(b"iTXt" + content)))
    for chunk in chunks[1:]:
        if chunk not in old:
            source.seek(chunk.start)
            copy(source, target, 12 + chunk.size)
    source.seek(chunks[-1].end)
    copy(source, target)  # what somebody has put after the end


def _list_chunks(source: BinaryIO) -> list[_Chunk]:
    chunks: list[_Chunk] = []
    while not chunks or chunks[-1].kind != b"IEND":
        start = source.tell()
        size, kind = struct.unpack(">I4s", read_exactly(source, 8))
        chunks.append(_Chunk(kind, start, size))
        refuse_many(len(chunks))
        source.seek(size + 4, 1)
    return chunks


def _read_packet(source: BinaryIO, chunk: _Chunk) -> bytes | None:
    """The packet in a chunk; None for any other chunk."""
    if chunk.kind != b"iTXt":
        return None
    source.seek(chunk.start + 8)
    if read_exactly(source, min(chunk.size, len(_KEYWORD))) != _KEYWORD:
        return None
    refuse_large(chunk.size)
    source.seek(chunk.start + 8)
    content = read_exactly(source, chunk.size)
    packed = content[len(_KEYWORD) : len(_KEYWORD) + 1] == b"\1"
    text = content[len(_KEYWORD) + 2 :].split(b"\0", 2)[-1]
    if not packed:
        return text
    try:
        return zlib.decompressobj().decompress(text, LARGEST_PACKET)
    except zlib.error as error:
        raise UnmarkableError("its XMP is damaged") from error
