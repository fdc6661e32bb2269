"""Cursors of lists in pages: they say nothing, such as `Mg`, which was recorded at fal."""

from __future__ import annotations

from base64 import b64decode, b64encode


def cursor_to(start: int) -> str:
    """The cursor of the page that begins with this item."""
    return b64encode(str(start).encode()).decode().rstrip("=")


def read_cursor(text: str | None) -> int:
    """With which item the page of a cursor begins; 0 where it is none of ours."""
    try:
        padded = (text or "") + "=" * (-len(text or "") % 4)
        told = b64decode(padded, validate=True).decode()
    except ValueError:
        return 0
    return int(told) if told.isdigit() else 0
