"""What the chunks of a WebP say, read before anything decodes it (RFC 9649)."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, BinaryIO

from vidi.inference.outputs.checking.spoilt import cut_short, damaged

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

TYPE = "image/webp"
_FIRST = 12
"""Where the first chunk begins."""
_HEAD = 8
"""Bytes of a chunk before its content: its kind, and how long that is."""
_FRAME_HEAD = 16
"""Bytes of a frame of an animation before the chunks of its picture."""
_MOST_CHUNKS, _MOST_IN_FRAME = 1 << 16, 16
"""That are looked at: an animation of 20,000 frames is within them, and a frame has one or two."""
_PICTURES = frozenset({b"VP8 ", b"VP8L"})
_LOSSY_MARK, _LOSSLESS_MARK = b"\x9d\x01\x2a", b"\x2f"
_SIDE = (1 << 14) - 1
"""The bits of a width and of a height."""


@dataclass(frozen=True, slots=True)
class Chunk:
    """Where a chunk stands in its file."""

    kind: bytes
    length: int
    """Bytes of its content."""
    place: int
    """Of its head."""

    @property
    def content(self) -> int:
        """Where its content begins."""
        return self.place + _HEAD

    @property
    def end(self) -> int:
        """Where the next one begins: behind its padding."""
        return self.content + self.length + self.length % 2


@dataclass(frozen=True, slots=True)
class Picture:
    """One picture: a chunk, and before it another one where its transparency has its own."""

    chunks: tuple[Chunk, ...]
    width: int
    height: int

    @property
    def has_own_transparency(self) -> bool:
        """Whether its transparency is coded beside it."""
        return self.chunks[0].kind == b"ALPH"

    @property
    def is_lossless(self) -> bool:
        """Whether it has every pixel as it was."""
        return self.chunks[-1].kind == b"VP8L"


@dataclass(frozen=True, slots=True)
class WebP:
    """What the chunks of a file say."""

    width: int
    height: int
    pictures: tuple[Picture, ...]
    size: int
    """Bytes of the file."""


def read_webp(path: Path) -> WebP:
    """Walk the chunks of a file.

    Raises:
        DownloadError: One of them is not whole, or none holds a picture.
    """
    with path.open("rb") as file:
        size = file.seek(0, 2)
        chunks = list(islice(_walk(file, _FIRST, size), _MOST_CHUNKS))
        if not chunks or chunks[-1].end > size + 1:  # some writers leave out the last padding
            raise cut_short(TYPE)
        try:
            return _describe(file, chunks, size)
        except (ValueError, struct.error) as error:
            raise damaged(TYPE, error) from error


def _describe(file: BinaryIO, chunks: Sequence[Chunk], size: int) -> WebP:
    frames = [chunk for chunk in chunks if chunk.kind == b"ANMF"]
    canvas = _read_sides(file, chunks[0].content + 4) if chunks[0].kind == b"VP8X" else None
    if not frames:
        picture = _read_picture(file, chunks)
        sides = picture.width, picture.height
        if canvas not in (None, sides):
            raise ValueError("its picture has another size than its canvas")
        return WebP(*sides, (picture,), size)
    if canvas is None:
        raise ValueError("it has frames, but no canvas")
    return WebP(*canvas, tuple(_read_frame(file, each, canvas) for each in frames), size)


def _walk(file: BinaryIO, place: int, end: int) -> Iterator[Chunk]:
    while place + _HEAD <= end:
        file.seek(place)
        kind, length = struct.unpack("<4sI", file.read(_HEAD))
        chunk = Chunk(kind, length, place)
        yield chunk
        place = chunk.end


def _read_frame(file: BinaryIO, frame: Chunk, canvas: tuple[int, int]) -> Picture:
    """The picture of a frame, which lies on the canvas."""
    inside = _walk(file, frame.content + _FRAME_HEAD, frame.content + frame.length)
    chunks = list(islice(inside, _MOST_IN_FRAME))
    if chunks and chunks[-1].end > frame.end:
        raise cut_short(TYPE)
    picture = _read_picture(file, chunks)
    file.seek(frame.content)
    places = file.read(6)
    for place, side, whole in zip(
        (places[:3], places[3:]), (picture.width, picture.height), canvas, strict=True
    ):
        if 2 * int.from_bytes(place, "little") + side > whole:
            raise ValueError("a frame of it lies beyond its canvas")
    return picture


def _read_picture(file: BinaryIO, chunks: Sequence[Chunk]) -> Picture:
    """The first picture among some chunks, its size by how its bits begin (RFC 6386, RFC 9649)."""
    at = next((at for at, chunk in enumerate(chunks) if chunk.kind in _PICTURES), None)
    if at is None:
        raise cut_short(TYPE)
    coded = chunks[at]
    file.seek(coded.content)
    if coded.kind == b"VP8L":
        mark, bits = struct.unpack("<1sI", file.read(5))
        known, width, height = mark == _LOSSLESS_MARK, (bits & _SIDE) + 1, (bits >> 14 & _SIDE) + 1
    else:
        tag, mark, width, height = struct.unpack("<3s3sHH", file.read(10))
        known, width, height = mark == _LOSSY_MARK, width & _SIDE, height & _SIDE
        if 10 + (int.from_bytes(tag, "little") >> 5) > coded.length:  # its first partition (9.1)
            raise cut_short(TYPE)
    if not known or not width or not height:
        raise ValueError("a picture of it does not begin as one")
    clear = tuple(chunk for chunk in chunks[:at] if chunk.kind == b"ALPH")[:1]
    return Picture((*clear, coded), width, height)


def _read_sides(file: BinaryIO, place: int) -> tuple[int, int]:
    file.seek(place)
    sides = file.read(6)
    return int.from_bytes(sides[:3], "little") + 1, int.from_bytes(sides[3:], "little") + 1
