"""A template as the text of its file: two spaces, short values on one line, exact numbers."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

WIDTH = 100


def render_template(template: Mapping[str, object]) -> str:
    """The whole file, with its last line end; `?` for half a surrogate pair, as no file has one."""
    text = _render(dict(template), 0, 0) + "\n"
    return text.encode(errors="replace").decode()


def _render(value: object, indent: int, used: int) -> str:
    """One value whose line already holds `used` characters after its indent."""
    inline = _inline(value)
    fits = indent and indent + used + len(inline) < WIDTH
    if fits or not isinstance(value, dict | list) or not value:
        return inline
    inner = indent + 2
    items = _fields(value, inner) if isinstance(value, dict) else _items(value, inner)
    opening, closing = "{}" if isinstance(value, dict) else "[]"
    body = ",\n".join(" " * inner + item for item in items)
    return f"{opening}\n{body}\n{' ' * indent}{closing}"


def _fields(value: dict[str, object], indent: int) -> list[str]:
    heads = {key: f"{_inline(key)}: " for key in value}
    return [heads[key] + _render(item, indent, len(heads[key])) for key, item in value.items()]


def _items(values: list[object], indent: int) -> list[str]:
    if any(isinstance(item, dict | list) for item in values):
        return [_render(item, indent, 0) for item in values]
    return _fill(values, indent)


def _fill(values: list[object], indent: int) -> list[str]:
    """As many of the values on a line as fit."""
    lines: list[str] = []
    for text in map(_inline, values):
        if lines and indent + len(lines[-1]) + len(text) + 2 < WIDTH:
            lines[-1] += f", {text}"
        else:
            lines.append(text)
    return lines


def _inline(value: object) -> str:
    if isinstance(value, dict):
        inner = ", ".join(f"{_inline(key)}: {_inline(item)}" for key, item in value.items())
        return f"{{{inner}}}"
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(_inline, value))}]"
    if isinstance(value, Decimal):
        return format(value, "f")
    return json.dumps(value, ensure_ascii=False)
