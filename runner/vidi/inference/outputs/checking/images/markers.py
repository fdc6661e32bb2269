"""Whether an image's own structure goes on to its end: JPEG, GIF and WebP, without decoding."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vidi.inference.outputs.checking.spoilt import cut_short

if TYPE_CHECKING:
    from pathlib import Path
    from typing import BinaryIO

_TAIL = 1 << 16
"""Bytes in which the end mark is looked for: some writers put text or zeroes behind it."""
_ENDS = {"image/jpeg": b"\xff\xd9", "image/gif": b";"}


def check_end(path: Path, content_type: str) -> None:
    """Look for the mark by which an image ends.

    Raises:
        DownloadError: It is missing.
    """
    with path.open("rb") as file:
        if content_type == "image/webp":
            _check_webp(file)
        elif content_type in _ENDS and _ENDS[content_type] not in _read_tail(file, content_type):
            raise cut_short(content_type)


def _read_tail(file: BinaryIO, content_type: str) -> bytes:
    size = file.seek(0, 2)
    file.seek(max(0, size - _TAIL))
    tail = file.read().rstrip(b"\0\r\n \t")
    return tail[-1:] if content_type == "image/gif" else tail


def _check_webp(file: BinaryIO) -> None:
    """Walk the chunks: each is whole, and one of them holds a picture (RFC 9649)."""
    size = file.seek(0, 2)
    place, pictured = 12, False
    while place + 8 <= size:
        file.seek(place)
        kind, length = file.read(4), int.from_bytes(file.read(4), "little")
        pictured = pictured or kind in {b"VP8 ", b"VP8L", b"ANMF"}
        place += 8 + length + length % 2
    if place > size + 1 or not pictured:
        raise cut_short("image/webp")
