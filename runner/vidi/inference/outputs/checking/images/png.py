"""A PNG read in a stream: every chunk by its checksum, every row inflated, in pieces of 64 KiB.

So a picture of any size is checked to its last pixel in a megabyte of memory (ISO/IEC 15948).
"""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from vidi.inference.outputs.checking.facts import Facts
from vidi.inference.outputs.checking.spoilt import cut_short, damaged

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from typing import BinaryIO

TYPE = "image/png"
SIGNATURE_BYTES = 8
MOST_INFLATED = 1 << 30
"""Bytes of rows that are inflated: a second of work. Beyond them, the chunks are checked alone."""
_MOST_PACKED = 1032
"""No byte of deflate becomes more (RFC 1951): a header of 2^31 x 2^31 needs what a file has not."""
_PIECE = 1 << 16
_DEPTHS = {0: (1, 2, 4, 8, 16), 2: (8, 16), 3: (1, 2, 4, 8), 4: (8, 16), 6: (8, 16)}
_CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
_ADAM7 = (
    (0, 0, 8, 8),
    (4, 0, 8, 8),
    (0, 4, 4, 8),
    (2, 0, 4, 4),
    (0, 2, 2, 4),
    (1, 0, 2, 2),
    (0, 1, 1, 2),
)
"""Where each pass begins and how far its pixels are apart: x, y, dx, dy."""
_LAST_FILTER = 4


@dataclass(frozen=True, slots=True)
class _Header:
    width: int
    height: int
    depth: int
    colour: int
    interlaced: bool

    def passes(self) -> Iterator[tuple[int, int]]:
        """Bytes of a row with its filter byte, and the number of rows, of each pass."""
        bits = self.depth * _CHANNELS[self.colour]
        for x, y, dx, dy in _ADAM7 if self.interlaced else ((0, 0, 1, 1),):
            wide, high = -(-(self.width - x) // dx), -(-(self.height - y) // dy)
            if wide > 0 and high > 0:
                yield 1 + (wide * bits + 7) // 8, high


@dataclass(slots=True)
class _Rows:
    """The rows of one picture as they are inflated."""

    left: list[tuple[int, int]]
    inflater: zlib._Decompress = field(default_factory=zlib.decompressobj)
    at: int = 0
    """Bytes of the present row that have come."""

    def take(self, data: bytes) -> None:
        """Inflate a piece of what was compressed.

        Raises:
            zlib.error: It is damaged.
            ValueError: A row has a filter that there is none.
        """
        while data and not self.inflater.eof:
            self._walk(self.inflater.decompress(data, _PIECE))
            data = self.inflater.unconsumed_tail
        self._walk(self.inflater.decompress(b"", _PIECE) if not self.inflater.eof else b"")

    def _walk(self, rows: bytes) -> None:
        place = 0
        while place < len(rows) and self.left:
            length, count = self.left[0]
            whole = min(count * length - self.at, len(rows) - place)
            first = place + (-self.at) % length
            if any(kind > _LAST_FILTER for kind in rows[first : place + whole : length]):
                raise ValueError("a row has an unknown filter")
            place, self.at = place + whole, self.at + whole
            if self.at == count * length:
                del self.left[0]
                self.at = 0


def check_png(path: Path) -> Facts:
    """Check a PNG, its frames too where it is animated.

    Raises:
        DownloadError: It is damaged or ends early.
    """
    with path.open("rb") as file:
        file.seek(SIGNATURE_BYTES)
        try:
            return _check(file)
        except (ValueError, zlib.error, struct.error) as error:
            raise damaged(TYPE, error) from error


def _check(file: BinaryIO) -> Facts:
    header: _Header | None = None
    rows: _Rows | None = None
    expected = packed = 0
    palette = ended = False
    for kind, pieces in _read_chunks(file):
        if header is None:
            header = _read_header(kind, _read_first(pieces))
            expected = sum(length * count for length, count in header.passes())
            rows = None if expected > MOST_INFLATED else _Rows(list(header.passes()))
            continue
        for piece in pieces:
            if kind == b"IDAT":
                packed += len(piece)
                _take(piece, rows)
        palette = palette or kind == b"PLTE"
        ended = kind == b"IEND"
        if ended:
            break
    if header is None or not ended or _is_short(rows, packed, expected):
        raise cut_short(TYPE)
    return _conclude(header, palette=palette, decoded=rows is not None)


def _read_first(pieces: Iterator[bytes]) -> bytes:
    """The first piece of a chunk; the others are read, but not held."""
    first = next(pieces, b"")
    for _ in pieces:
        pass
    return first


def _take(piece: bytes, rows: _Rows | None) -> None:
    if rows is not None:
        rows.take(piece)


def _is_short(rows: _Rows | None, packed: int, expected: int) -> bool:
    return packed * _MOST_PACKED < expected if rows is None else bool(rows.left)


def _conclude(header: _Header, *, palette: bool, decoded: bool) -> Facts:
    if header.colour == 3 and not palette:
        raise ValueError("it has no palette")
    warning = "" if decoded else "too large to be decoded: only its chunks are checked"
    return Facts(TYPE, header.width, header.height, warning=warning)


def _read_header(kind: bytes, data: bytes) -> _Header:
    width, height, depth, colour, packing, filtering, lacing = struct.unpack(">IIBBBBB", data)
    known = depth in _DEPTHS.get(colour, ()) and (packing, filtering) == (0, 0) and lacing < 2
    if kind != b"IHDR" or not known or not 0 < width < 1 << 31 or not 0 < height < 1 << 31:
        raise ValueError("its header says what there is not")
    return _Header(width, height, depth, colour, bool(lacing))


def _read_chunks(file: BinaryIO) -> Iterator[tuple[bytes, Iterator[bytes]]]:
    """Each chunk's kind and its data in pieces; its checksum is held against them at its end."""
    while head := file.read(8):
        length, kind = struct.unpack(">I4s", head)
        pieces = _read_pieces(file, length, kind)
        yield kind, pieces
        for _ in pieces:  # what nobody wanted is checked all the same
            pass


def _read_pieces(file: BinaryIO, length: int, kind: bytes) -> Iterator[bytes]:
    checksum = zlib.crc32(kind)
    while length:
        piece = file.read(min(length, _PIECE))
        if not piece:
            raise cut_short(TYPE)
        checksum = zlib.crc32(piece, checksum)
        length -= len(piece)
        yield piece
    told = file.read(4)
    if len(told) < 4:
        raise cut_short(TYPE)
    if int.from_bytes(told, "big") != checksum:
        raise ValueError(f"a chunk does not fit its checksum ({kind!r})")
