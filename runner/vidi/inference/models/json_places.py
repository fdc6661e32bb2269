"""Where a value stands in a JSON text, for the messages about it."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

_BLANK = re.compile(r"[ \t\r\n]*")
_DECODER = json.JSONDecoder()


def line_and_column(text: str, offset: int) -> tuple[int, int]:
    """The position of an offset, both counted from 1."""
    return text.count("\n", 0, offset) + 1, offset - text.rfind("\n", 0, offset)


def find_value(text: str, path: Sequence[str | int]) -> int:
    """The offset of the value at a path, or of the nearest parent that is there.

    Args:
        text: Valid JSON.
        path: Keys and list positions, from the outside in.
    """
    offset = _skip(text, 0)
    for step in path:
        found = (
            _in_object(text, offset, step) if text[offset] == "{" else _in_list(text, offset, step)
        )
        if found is None:
            break
        offset = found
    return offset


def _in_object(text: str, offset: int, key: str | int) -> int | None:
    offset = _skip(text, offset + 1)
    while text[offset] != "}":
        name, offset = _DECODER.raw_decode(text, offset)
        value = _skip(text, _skip(text, offset) + 1)
        if name == key:
            return value
        offset = _next(text, value)
    return None


def _in_list(text: str, offset: int, index: str | int) -> int | None:
    if text[offset] != "[" or not isinstance(index, int):
        return None
    offset = _skip(text, offset + 1)
    for _ in range(index):
        if text[offset] == "]":
            return None
        offset = _next(text, offset)
    return offset


def _next(text: str, value: int) -> int:
    """The offset of what follows a value and its comma."""
    _, end = _DECODER.raw_decode(text, value)
    end = _skip(text, end)
    return _skip(text, end + 1) if text[end] == "," else end


def _skip(text: str, offset: int) -> int:
    match = _BLANK.match(text, offset)
    return match.end() if match else offset
