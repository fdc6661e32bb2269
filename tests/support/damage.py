"""Damaged assets, two thousand and more: cut short, overwritten, with bits flipped and blocks lost.

python -m support.damage FOLDER      # writes them all, to be looked at
"""

import random
import sys
from collections.abc import Iterator
from pathlib import Path

from support.assets import sample

WHOLE = (
    "png", "jpg", "webp", "gif", "bmp", "tiff", "mp4", "mov", "webm", "mkv", "avi", "mp3", "wav",
    "flac", "ogg", "m4a", "aac", "glb", "stl", "obj", "ply", "bin.ply",
)  # fmt: skip
EACH = 96
"""Damaged ones of each."""
_SEED = 20261129


def damaged() -> Iterator[tuple[str, str, bytes]]:
    """Kind, what was done to it, and the bytes."""
    for kind in WHOLE:
        chance = random.Random(f"{_SEED} {kind}")
        for number in range(EACH):
            what, content = _WAYS[number % len(_WAYS)](sample(kind), chance)
            yield kind, f"{number} {what}", content


def _cut(content: bytes, chance: random.Random) -> tuple[str, bytes]:
    end = chance.randrange(1, len(content))
    return f"cut at {end}", content[:end]


def _cut_late(content: bytes, chance: random.Random) -> tuple[str, bytes]:
    end = len(content) - chance.randrange(1, max(2, len(content) // 10))
    return f"cut at {end}", content[:end]


def _overwrite(content: bytes, chance: random.Random) -> tuple[str, bytes]:
    at, length = chance.randrange(len(content)), chance.randrange(1, 64)
    piece = chance.randbytes(length)
    return f"{length} bytes at {at}", content[:at] + piece + content[at + length :]


def _flip(content: bytes, chance: random.Random) -> tuple[str, bytes]:
    at, bit = chance.randrange(len(content)), chance.randrange(8)
    flipped = bytes([content[at] ^ 1 << bit])
    return f"bit {bit} of {at}", content[:at] + flipped + content[at + 1 :]


def _zero(content: bytes, chance: random.Random) -> tuple[str, bytes]:
    at, length = chance.randrange(len(content)), chance.randrange(1, 512)
    whole = content[:at] + bytes(min(length, len(content) - at)) + content[at + length :]
    return f"{length} zeroes at {at}", whole


def _lose(content: bytes, chance: random.Random) -> tuple[str, bytes]:
    at, length = chance.randrange(1, len(content)), chance.randrange(1, 256)
    return f"{length} lost at {at}", content[:at] + content[at + length :]


_WAYS = (_cut, _cut_late, _overwrite, _flip, _zero, _lose)


if __name__ == "__main__":
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    for kind, what, content in damaged():
        (folder / f"{what.replace(' ', '-')}.{kind}").write_bytes(content)
