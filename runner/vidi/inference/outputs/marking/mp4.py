"""XMP in an MP4: a box of its own at the end, so that no offset to sound or picture changes.

ISO 14496-12 on boxes, XMP Specification Part 3, 1.2.7 on the box.
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

_XMP = bytes.fromhex("be7acfcb97a942e89c71999491e3afac")
_C2PA = bytes.fromhex("d8fec3d61b0e483c92975828877ec481")
_TO_THE_END = 0
_IN_64_BITS = 1


class _Box(NamedTuple):
    kind: bytes
    start: int
    size: int
    """Of all of it."""
    uuid: bytes
    open_end: bool
    """Whether its size is written as `to the end of the file`."""


def write_marked(source: BinaryIO, target: BinaryIO, packet: Packet) -> None:
    """Copy an MP4 with a packet at its end.

    Raises:
        UnmarkableError: It is no MP4, or signed, or its last box cannot be closed.
    """
    boxes = _list_boxes(source)
    _refuse_others(boxes)
    old = [box for box in boxes if box.uuid == _XMP]
    refuse_large(max((box.size for box in old), default=0))
    existing = _read(source, old[0]) if old else None
    content = packet(existing)
    if content == existing:
        source.seek(0)
        copy(source, target)
        return
    made = struct.pack(">I4s", 24 + len(content), b"uuid") + _XMP + content
    # The index of a fragmented file is found from the file's last bytes, so it stays last.
    last = boxes[-1] if boxes[-1].kind == b"mfra" else None
    for box in boxes:
        if box is last:
            target.write(made)
        _copy_box(source, target, box, spare=box in old)
    if last is None:
        target.write(made)


def _refuse_others(boxes: list[_Box]) -> None:
    if not boxes or boxes[0].kind != b"ftyp":
        raise UnmarkableError("it is no MP4")
    if any(box.uuid == _C2PA for box in boxes):
        raise UnmarkableError(SIGNED)


def _list_boxes(source: BinaryIO) -> list[_Box]:
    end = source.seek(0, 2)
    boxes: list[_Box] = []
    start = 0
    while start + 8 <= end:
        source.seek(start)
        written, kind = struct.unpack(">I4s", read_exactly(source, 8))
        size, head = written, 8
        if written == _IN_64_BITS:
            (size,), head = struct.unpack(">Q", read_exactly(source, 8)), 16
        elif written == _TO_THE_END:
            size = end - start
        if size < head or start + size > end:
            raise UnmarkableError("it is not built as an MP4 is")
        uuid = read_exactly(source, 16) if kind == b"uuid" and size >= head + 16 else b""
        boxes.append(_Box(kind, start, size, uuid, written == _TO_THE_END))
        refuse_many(len(boxes))
        start += size
    return boxes


def _read(source: BinaryIO, box: _Box) -> bytes:
    source.seek(box.start + 24)
    return read_exactly(source, box.size - 24)


def _copy_box(source: BinaryIO, target: BinaryIO, box: _Box, *, spare: bool) -> None:
    """Copy a box; an older packet becomes free space, so that what follows stays where it is."""
    source.seek(box.start)
    if not (spare or box.open_end):
        copy(source, target, box.size)
        return
    if box.size >= 1 << 32:
        raise UnmarkableError("its last box goes to the end of the file, and is too large to close")
    source.seek(8, 1)
    target.write(struct.pack(">I4s", box.size, b"free" if spare else box.kind))
    copy(source, target, box.size - 8)
