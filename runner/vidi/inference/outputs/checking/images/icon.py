"""How large the pictures of an icon are, whatever its directory says.

Pillow decodes an icon as it opens it, so it is asked before.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, BinaryIO

if TYPE_CHECKING:
    from pathlib import Path

_HEAD, _ENTRY = 6, 16
_PNG = b"\x89PNG\r\n\x1a\n"


def measure_icon(path: Path) -> int:
    """Pixels of the largest of its pictures; 0 where none of them can be read."""
    with path.open("rb") as file:
        _, _, count = struct.unpack("<HHH", file.read(_HEAD))
        entries = file.read(_ENTRY * count)
        entries = entries[: len(entries) // _ENTRY * _ENTRY]
        places = [place for (place,) in struct.iter_unpack("<12xI", entries)]
        return max((_measure(file, place) for place in places), default=0)


def _measure(file: BinaryIO, place: int) -> int:
    """Pixels by the header of a PNG, or of a bitmap, which counts its mask's rows too."""
    file.seek(place)
    head = file.read(24)
    if len(head) < 24:
        return 0
    form = ">16xII" if head.startswith(_PNG) else "<4xII12x"
    width, height = struct.unpack(form, head)
    return int(width * height)
