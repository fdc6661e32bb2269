"""JSON documents for people and programs: stable order, every script readable."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import TYPE_CHECKING

from vidi.inference.models.prices.money import json_number
from vidi.strict_json import write_json

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


def render_json(value: object, *, indented: bool = True) -> str:
    """Write a value as JSON with a final line end; amounts are numbers.

    Args:
        value: What `write_json` takes, and decimals.
        indented: Whether for people too; on one line it is written five times as fast.
    """
    return write_json(value, _plain, indent=2 if indented else None) + "\n"


def render_row_by_row(document: Mapping[str, object], rows: str) -> Iterator[str]:
    """The same text as `render_json`, in pieces: a list of 100,000 is never in memory as a whole.

    Args:
        document: What is written.
        rows: The field of it that is a long list.
    """
    items = document[rows]
    frame = render_json({**document, rows: []})
    # A raw line end is between two fields and in no text, so this is the field and nothing else.
    empty = f'\n  "{rows}": []'
    if not isinstance(items, Sequence):
        yield render_json(document)
        return
    if not items or frame.count(empty) != 1:
        yield render_json({**document, rows: [*items]})
        return
    head, tail = frame.split(empty)
    yield f'{head}\n  "{rows}": ['
    for number, item in enumerate(items):
        text = write_json(item, _plain, indent=2).replace("\n", "\n    ")
        yield f"{',' if number else ''}\n    {text}"
    yield f"\n  ]{tail}"


def _plain(value: object) -> object:
    return json_number(value) if isinstance(value, Decimal) else str(value)
