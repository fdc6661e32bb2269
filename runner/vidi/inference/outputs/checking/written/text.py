"""Text in whatever encoding, and drawings made of it."""

from __future__ import annotations

import codecs
from typing import TYPE_CHECKING

from vidi.inference.outputs.checking.signatures import HEAD_BYTES
from vidi.inference.outputs.checking.spoilt import cut_short

if TYPE_CHECKING:
    from pathlib import Path

_CHUNK = 1 << 20


def check_svg(path: Path) -> None:
    """Look for the end of the drawing; nothing in it is expanded or run.

    Raises:
        DownloadError: It has none.
    """
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - HEAD_BYTES))
        if not file.read().rstrip().endswith((b"</svg>", b"/>", b"-->")):
            raise cut_short("image/svg+xml")


def check_text(path: Path) -> str:
    """What is to be told of a text: it is paid for, so it is kept in whatever encoding it came."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        with path.open("rb") as file:
            while chunk := file.read(_CHUNK):
                decoder.decode(chunk)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return "the text is not UTF-8: kept as the bytes that came"
    return ""
