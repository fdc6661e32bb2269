"""What the writers of each format share: a place for the packet, and why there may be none."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING, BinaryIO

if TYPE_CHECKING:
    from collections.abc import Callable

    Packet = Callable[[bytes | None], bytes]
    """Gives the packet, from the one that is there."""

MOST_PARTS = 100_000
"""Chunks, segments or boxes of one file; more are nobody's picture, and would fill the memory."""
LARGEST_PACKET = 4 << 20
"""Bytes of a packet that is read, unpacked too."""
_PIECE = 1 << 20


class UnmarkableError(Exception):
    """A file that is left as it is; the text says why."""


SIGNED = "it is signed (C2PA), which says itself what made it, and a change would break the seal"


def read_exactly(source: BinaryIO, size: int) -> bytes:
    """So many bytes.

    Raises:
        UnmarkableError: The file ends before.
    """
    content = source.read(size)
    if len(content) != size:
        raise UnmarkableError("it is not built as its kind is")
    return content


def refuse_many(parts: int) -> None:
    """See that a file has no more parts than are held at once.

    Raises:
        UnmarkableError: It has.
    """
    if parts > MOST_PARTS:
        raise UnmarkableError(f"it has more than {MOST_PARTS:,} parts")


def refuse_large(packet: int) -> None:
    """See that the packet of a file is no larger than is read.

    Raises:
        UnmarkableError: It is.
    """
    if packet > LARGEST_PACKET:
        raise UnmarkableError("its own XMP is too large to add to")


def copy(source: BinaryIO, target: BinaryIO, size: int | None = None) -> None:
    """Copy so many bytes, or all that is left.

    Raises:
        UnmarkableError: The file ends before.
    """
    if size is None:
        shutil.copyfileobj(source, target, _PIECE)
        return
    while size:
        piece = read_exactly(source, min(size, _PIECE))
        target.write(piece)
        size -= len(piece)
