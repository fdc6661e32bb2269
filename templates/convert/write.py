"""JSON that people read: two spaces, short values on one line, numbers exactly as they came."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

Json = Any
"""What JSON can hold, with Decimal for numbers with a point."""

WIDTH = 100


def write_json(path: Path, value: dict[str, Any]) -> None:
    """Write the value, in the order of its keys, and make the folder if it is missing."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(as_text(value) + "\n", encoding="utf-8", newline="\n")


def as_text(value: Json, indent: int = 0, used: int = 0) -> str:
    """The JSON text of a value.

    Args:
        value: anything that JSON can hold.
        indent: the spaces before the line that the value starts on; 0 is the whole document.
        used: the characters that its line already holds after these spaces.
    """
    inline = _inline(value)
    fits = indent + used + len(inline) < WIDTH and indent > 0
    if fits or not isinstance(value, dict | list) or not value:
        return inline
    inner = indent + 2
    if isinstance(value, dict):
        heads = {key: f"{_inline(key)}: " for key in value}
        items = [heads[key] + as_text(item, inner, len(heads[key])) for key, item in value.items()]
        opening, closing = "{", "}"
    else:
        whole = any(isinstance(item, dict | list) for item in value)
        items = [as_text(item, inner) for item in value] if whole else _filled(value, inner)
        opening, closing = "[", "]"
    body = ",\n".join(" " * inner + item for item in items)
    return f"{opening}\n{body}\n{' ' * indent}{closing}"


def _filled(values: list[Json], indent: int) -> list[str]:
    """As many of the values on a line as fit."""
    lines: list[str] = []
    for text in map(_inline, values):
        if lines and indent + len(lines[-1]) + len(text) + 2 < WIDTH:
            lines[-1] += f", {text}"
        else:
            lines.append(text)
    return lines


def _inline(value: Json) -> str:
    if isinstance(value, dict):
        return (
            "{" + ", ".join(f"{_inline(key)}: {_inline(item)}" for key, item in value.items()) + "}"
        )
    if isinstance(value, list):
        return "[" + ", ".join(map(_inline, value)) + "]"
    if isinstance(value, Decimal):
        return format(value, "f")
    return json.dumps(value, ensure_ascii=False)
