"""XMP in a JPEG: an APP1 segment, after the JFIF and Exif ones.

XMP Specification Part 3, 1.1.3.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, BinaryIO, NamedTuple

from vidi.inference.outputs.marking.place import SIGNED, UnmarkableError, copy, read_exactly

if TYPE_CHECKING:
    from vidi.inference.outputs.marking.place import Packet

_NAME = b"http://ns.adobe.com/xap/1.0/\0"
_APP0, _APP1, _APP11, _SCAN = 0xE0, 0xE1, 0xEB, 0xDA
_LONGEST = 65_533
"""Bytes that a segment holds."""
_MOST_BYTES = 16 << 20
"""Of all segments before the scan, which are held at once: a large profile has 4 MiB."""


class _Segment(NamedTuple):
    marker: int
    content: bytes


def write_marked(source: BinaryIO, target: BinaryIO, packet: Packet) -> None:
    """Copy a JPEG with a packet in it.

    Raises:
        UnmarkableError: It is no JPEG, or signed, or its own packet leaves no room.
    """
    if source.read(2) != b"\xff\xd8":
        raise UnmarkableError("it is no JPEG")
    segments = _read_segments(source)
    if any(each.marker == _APP11 and b"jumb" in each.content[:40] for each in segments):
        raise UnmarkableError(SIGNED)
    old = [each for each in segments if each.content.startswith(_NAME) and each.marker == _APP1]
    content = _NAME + packet(old[0].content[len(_NAME) :] if old else None)
    if len(content) > _LONGEST:
        raise UnmarkableError("its own XMP leaves no room")
    rest = [each for each in segments if each not in old]
    first = next((at for at, each in enumerate(rest) if not _goes_first(each)), len(rest))
    target.write(b"\xff\xd8")
    ordered = (*rest[:first], _Segment(_APP1, content), *rest[first:])
    target.writelines(map(_write, ordered))
    copy(source, target)


def _read_segments(source: BinaryIO) -> list[_Segment]:
    """Every segment before the scan; the source is left where that begins."""
    segments: list[_Segment] = []
    while source.tell() <= _MOST_BYTES:
        start = source.tell()
        mark, marker = read_exactly(source, 2)
        while marker == 0xFF:  # fill bytes
            (marker,) = read_exactly(source, 1)
        if mark != 0xFF:
            raise UnmarkableError("it is not built as a JPEG is")
        if marker == _SCAN:
            source.seek(start)
            return segments
        (size,) = struct.unpack(">H", read_exactly(source, 2))
        segments.append(_Segment(marker, read_exactly(source, max(0, size - 2))))
    raise UnmarkableError("what stands before the picture is too large")


def _write(segment: _Segment) -> bytes:
    return struct.pack(">BBH", 0xFF, segment.marker, len(segment.content) + 2) + segment.content


def _goes_first(segment: _Segment) -> bool:
    exif = segment.marker == _APP1 and segment.content.startswith(b"Exif\0")
    return segment.marker == _APP0 or exif
