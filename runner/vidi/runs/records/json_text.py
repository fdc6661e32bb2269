"""JSON documents for people and programs: stable order, every script readable."""

from __future__ import annotations

import os
from collections.abc import Sequence
from decimal import Decimal
from itertools import islice
from typing import TYPE_CHECKING

from vidi.inference.models.prices.money import json_number
from vidi.strict_json import write_json

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

_ROWS_AT_ONCE = 32
"""Of a list that is written in pieces: some 16 KB, which memory that was just freed takes up."""

_LONGEST_ROW = 4 * 1024 * 1024
"""Characters; of what is longer it is not known where it ends."""


class LongList:
    """A list in a document: its items are made as it is written (`render_in_pieces`)."""

    def __init__(self, items: Iterable[object]) -> None:
        self.items = items
        self.mark = os.urandom(16).hex()

    def __str__(self) -> str:
        """What stands for it meanwhile; no text of the document can be the same."""
        return self.mark


def render_json(value: object, *, indented: bool = True) -> str:
    """Write a value as JSON with a final line end; amounts are numbers.

    Args:
        value: What `write_json` takes, and decimals.
        indented: Whether for people too; on one line it is written five times as fast.
    """
    return write_json(value, _plain, indent=2 if indented else None) + "\n"


def render_in_pieces(document: object, lists: Sequence[LongList]) -> Iterator[str]:
    """The text that `render_json` makes on one line, in pieces: 10,000 items would be 5 MB of it.

    Args:
        document: What it takes, `LongList` in the place of some lists.
        lists: All of those.
    """
    text = render_json(document, indented=False)
    places = {text.find(f'"{each.mark}"'): each for each in lists}
    done = 0
    for place in sorted(place for place in places if place >= 0):
        yield f"{text[done:place]}["
        yield from _render_items(places[place].items)
        done = place + len(f'"{places[place].mark}"')
        yield "]"
    yield text[done:]


def _render_items(items: Iterable[object]) -> Iterator[str]:
    left, separator = iter(items), ""
    while some := list(islice(left, _ROWS_AT_ONCE)):
        yield separator + write_json(some, _plain)[1:-1]
        separator = ","


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


def split_row_by_row(pieces: Iterable[str], rows: str) -> Iterator[str]:
    """What `render_row_by_row` has written, taken apart again: each row, and then all but them.

    Args:
        pieces: The text, in pieces as it is read.
        rows: The field that is a long list.

    Raises:
        ValueError: It was written in another form, or is cut short.
    """
    opening, between, closing = f'\n  "{rows}": [\n    {{', "\n    },\n    {", "\n    }\n  ]"
    left = iter(pieces)
    head, held = _read_to(opening, "", left)
    while closing not in held:
        *whole, held = held.split(between)
        yield from (f"{{{row}\n    }}" for row in whole)
        if len(held) > _LONGEST_ROW or not (piece := next(left, "")):
            raise ValueError("no end of a row")
        held += piece
    some, tail = held.split(closing, 1)
    yield from (f"{{{row}\n    }}" for row in some.split(between))
    yield f'{head}\n  "{rows}": []{tail}{"".join(left)}'


def _read_to(mark: str, held: str, left: Iterator[str]) -> tuple[str, str]:
    """What stands before a mark, and behind it as far as it is read."""
    while mark not in held:
        if len(held) > _LONGEST_ROW or not (piece := next(left, "")):
            raise ValueError("no such list")
        held += piece
    before, after = held.split(mark, 1)
    return before, after


def _plain(value: object) -> object:
    return json_number(value) if isinstance(value, Decimal) else str(value)
