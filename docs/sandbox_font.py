"""How the sandbox's font was made: `python docs/sandbox_font.py UNIFONT.otf UNIFONT_UPPER.otf`.

Both are GNU Unifont 15.0.01 (Debian's fonts-unifont). fontTools is wanted for this script alone.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from fontTools import subset
from fontTools.pens.t2CharStringPen import T2CharStringPen
from fontTools.ttLib import TTFont
from fontTools.ttLib.tables._c_m_a_p import CmapSubtable

if TYPE_CHECKING:
    from collections.abc import Callable

MADE = Path(__file__).parents[1] / "runner/vidi/lettering/font/unifont.woff"


def make_font(plane_0: str, plane_1: str) -> None:
    """Everything of plane 0 but private use, and of plane 1 letters of today, symbols, emoji."""
    font = _cut(plane_0, lambda code: code < 0xE000 or 0xF900 <= code < 0xFFF0)
    upper = _cut(plane_1, lambda code: 0x1D400 <= code < 0x1D800 or 0x1E000 <= code < 0x1FB00)
    codes = _copy_letters(upper, font)
    table = CmapSubtable.newSubtable(12)
    table.platformID, table.platEncID, table.language, table.reserved = 3, 10, 0, 0
    table.cmap = {**font.getBestCmap(), **codes}
    font["cmap"].tables.append(table)
    for name_id in (1, 3, 4, 6):
        font["name"].setName("vidi-sandbox", name_id, 3, 1, 0x409)
    font.flavor = "woff"
    font.save(MADE)


def _cut(path: str, wanted: Callable[[int], bool]) -> TTFont:
    font = TTFont(path)
    options = subset.Options(desubroutinize=True, layout_features=["*"], name_IDs=["*"])
    cutter = subset.Subsetter(options)
    cutter.populate(unicodes=[code for code in font.getBestCmap() if wanted(code)])
    cutter.subset(font)
    return font


def _copy_letters(upper: TTFont, font: TTFont) -> dict[int, str]:
    """Draw the letters of one font in the other; fontTools merges no CID-keyed ones itself."""
    top = font["CFF "].cff.topDictIndex[0]
    private, letters, shapes = top.FDArray[0].Private, top.CharStrings, upper.getGlyphSet()
    last = max(int(name[3:]) for name in font.getGlyphOrder() if name.startswith("cid"))
    codes = {}
    for number, (code, glyph) in enumerate(sorted(upper.getBestCmap().items()), last + 1):
        width, name = upper["hmtx"][glyph][0], f"cid{number:05d}"
        written = None if width == private.defaultWidthX else width - private.nominalWidthX
        pen = T2CharStringPen(written, None)
        shapes[glyph].draw(pen)
        letters.charStrings[name] = len(letters.charStringsIndex)
        letters.charStringsIndex.append(pen.getCharString(private, letters.globalSubrs))
        top.charset.append(name)
        top.FDSelect.gidArray.append(0)
        font["hmtx"].metrics[name] = upper["hmtx"].metrics[glyph]
        codes[code] = name
    font.setGlyphOrder(top.charset)
    return codes


if __name__ == "__main__":
    make_font(*sys.argv[1:3])
