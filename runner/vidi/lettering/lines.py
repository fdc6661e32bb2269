"""A text in a picture: in a font that has its letters, in lines that fit, from its own side."""

from __future__ import annotations

import unicodedata
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from PIL import ImageFont

if TYPE_CHECKING:
    from collections.abc import Iterator

    from PIL import ImageDraw

    Font = ImageFont.FreeTypeFont | ImageFont.ImageFont

_UNIFONT = Path(__file__).with_name("font") / "unifont.woff"
"""GNU Unifont: every script of today, and emoji. Pillow's own font is faster, and has ASCII."""
MOST_LINES = 12
_SPACING = 4
"""Pixels between two lines."""
_DASHES = str.maketrans("\u2013\u2014\u2018\u2019\u201c\u201d\u00ab\u00bb", '--\'\'""""')


def write_lines(
    pen: ImageDraw.ImageDraw,
    at: tuple[int, int],
    text: str,
    size: int,
    width: int,
    *,
    fill: str = "white",
    most_lines: int = MOST_LINES,
) -> None:
    """Write a text into a picture, its line breaks as spaces.

    Args:
        pen: Of the picture.
        at: The upper left corner of what is written, in pixels.
        text: In any script; right to left where its letters are (with Pillow's raqm).
        size: Of the letters, in pixels.
        width: Of the lines at most, in pixels.
        fill: The colour of the letters.
        most_lines: How many lines are written; the rest is left out.
    """
    plain = text.translate(_DASHES)
    shown = plain if plain.isascii() else text
    if not shown.isascii():
        size = max(16, size * 5 // 4)  # Unifont is drawn in 16 steps, and thinner
    font = sized_font(size, ascii_only=shown.isascii())
    left, top = at
    for line in _wrap(shown, font, width)[:most_lines]:
        if _is_right_to_left(line):
            pen.text((left + width, top), line, fill=fill, font=font, anchor="ra")
        else:
            pen.text((left, top), line, fill=fill, font=font)
        top += size + _SPACING


@lru_cache(maxsize=16)
def sized_font(size: int, *, ascii_only: bool = True) -> Font:
    """A font in which letters are so many pixels high."""
    return ImageFont.load_default(size) if ascii_only else ImageFont.truetype(_UNIFONT, size)


def _wrap(text: str, font: Font, width: int) -> list[str]:
    """Lines that are no wider than that, broken at spaces, or anywhere in what has none."""
    lines = [""]
    for word in text.split():
        joined = f"{lines[-1]} {word}".lstrip()
        if font.getlength(joined) <= width:
            lines[-1] = joined
        else:
            lines += _break(word, font, width)
        if len(lines) > MOST_LINES:
            break
    return [line for line in lines if line][:MOST_LINES]


def _break(word: str, font: Font, width: int) -> Iterator[str]:
    """A word in pieces that fit, at least a letter with its marks each."""
    start = 0
    for end in range(1, len(word)):
        mark = unicodedata.category(word[end]).startswith("M")
        if not mark and font.getlength(word[start : end + 1]) > width:
            yield word[start:end]
            start = end
    yield word[start:]


def _is_right_to_left(line: str) -> bool:
    """Whether the first letter that has a direction has that one (Unicode's rule P2)."""
    sides = (unicodedata.bidirectional(letter) for letter in line)
    return next((side for side in sides if side in {"L", "R", "AL"}), "L") != "L"
