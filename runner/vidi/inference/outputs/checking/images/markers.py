"""What the marks of a JPEG and of a GIF say, without decoding: whether it goes on to its end."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vidi.inference.outputs.checking.spoilt import cut_short

if TYPE_CHECKING:
    from collections.abc import Iterator
    from io import FileIO
    from pathlib import Path
    from typing import BinaryIO

_TAIL = 1 << 16
"""Bytes in which the end mark is looked for: some writers put text or zeroes behind it."""
_MARK, _SCAN = 0xFF, 0xDA
_SEGMENT = 12
"""Bytes of its beginning: its mark, its length, and up to the number of its channels."""
_PROGRESSIVE = frozenset({0xC2, 0xC6, 0xCA, 0xCE})
_FRAMES = _PROGRESSIVE | {0xC0, 0xC1, 0xC3, 0xC5, 0xC7, 0xC9, 0xCB, 0xCD, 0xCF}
_ENDS = {"image/jpeg": b"\xff\xd9", "image/gif": b";"}


def check_end(path: Path, content_type: str) -> None:
    """Look for the mark by which an image ends.

    Raises:
        DownloadError: It is missing.
    """
    if content_type not in _ENDS:
        return
    with path.open("rb", buffering=0) as file:
        if _ENDS[content_type] not in _read_tail(file, content_type):
            raise cut_short(content_type)


def _read_tail(file: FileIO, content_type: str) -> bytes:
    size = file.seek(0, 2)
    file.seek(max(0, size - _TAIL))
    tail = file.read(_TAIL).rstrip(b"\0\r\n \t")
    return tail[-1:] if content_type == "image/gif" else tail


def has_several_scans(path: Path) -> bool:
    """Whether a JPEG comes progressively, or its channels one after another (ITU T.81, B.2).

    Such a picture is held whole until its last scan, at whatever size it is then drawn.
    """
    channels = 0
    with path.open("rb") as file:
        for marker, content in _list_segments(file):
            if marker in _PROGRESSIVE:
                return True
            if marker in _FRAMES:
                channels = content[5]
            elif marker == _SCAN:
                return content[0] < channels
    return False


def _list_segments(file: BinaryIO) -> Iterator[tuple[int, bytes]]:
    """The marker of each segment before the first scan's bits, and how its content begins."""
    place = 2
    file.seek(place)
    while len(head := file.read(_SEGMENT)) == _SEGMENT and head[0] == _MARK:
        if head[1] == _MARK:  # a byte to fill
            place += 1
        else:
            yield head[1], head[4:]
            place += 2 + int.from_bytes(head[2:4], "big")
        file.seek(place)
