"""Names for files and ids, from any text in any script."""

from __future__ import annotations

import re
import unicodedata

_DASHES = re.compile(r"-{2,}")


def slug(text: object) -> str:
    """The text in lower case, accents off Latin letters, all but letters and digits a dash."""
    letters = "".join(map(_letter, unicodedata.normalize("NFC", str(text))))
    dashed = _DASHES.sub("-", letters.lower()).strip("-")
    return unicodedata.normalize("NFC", dashed)


def _letter(character: str) -> str:
    """A character's Latin base where NFKD has one; a letter or mark of another script as it is."""
    parts = unicodedata.normalize("NFKD", character)
    if parts[0].isascii():
        return "".join(part if part.isalnum() else "" for part in parts) or "-"
    is_word = character.isalnum() or unicodedata.category(character).startswith("M")
    return character if is_word else "-"
