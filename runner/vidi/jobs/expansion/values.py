"""Rendered values as the keys of an entry take them: cells of a table are all text."""

from __future__ import annotations

from vidi.jobs.data.cell import Cell
from vidi.jobs.reading.scalars import resolve

_TEXT = frozenset(("id", "model", "output"))
_TYPED = frozenset(("enabled", "keep", "max_cost", "assume_cost", "timeout", "retry", "mark"))
"""Keys whose cells are read as what they spell; an empty one says nothing."""


def is_left_out(key: str, value: object) -> bool:
    """Whether a value says nothing: an empty cell under a key that may be absent."""
    return key in _TYPED and isinstance(value, Cell) and not value.strip()


def read_value(key: str, value: object) -> object:
    """A rendered value in the type that its key asks for.

    A number where only text makes sense is that text: an id may be `{{ item.number }}`.
    """
    if key in _TEXT:
        return str(value) if isinstance(value, Cell) or type(value) in {int, float} else value
    if key == "tags" and isinstance(value, list):
        return [
            str(each) if isinstance(each, Cell) or type(each) in {int, float} else each
            for each in value
            if not (isinstance(each, Cell) and not each.strip())
        ]
    return _spelt(value) if key in _TYPED else value


def _spelt(value: object) -> object:
    """What a cell spells, `TRUE` and `3`; anything else is itself."""
    if isinstance(value, Cell):
        text = value.strip()
        return resolve(text.lower() if text.lower() in {"true", "false"} else text)
    if isinstance(value, dict):
        return {key: _spelt(each) for key, each in value.items()}
    return value
