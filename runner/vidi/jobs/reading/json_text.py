"""JSON that people wrote, with the place of what is wrong in it.

YAML's parser reads most JSON, but not the surrogate pairs that JSON writers make of emoji.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from vidi.errors import Place, Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vidi.jobs.reading.source import Source


def parse_json(source: Source, text: str, first_line: int) -> object:
    """The value of a JSON text that begins on a line of a source; a Problem where it is none."""
    try:
        return json.loads(text, parse_constant=_refuse_constant)
    except json.JSONDecodeError as error:
        line = first_line + error.lineno - 1
        return problem_at(source, f"not JSON: {error.msg}", line, error.colno)
    except (ValueError, RecursionError) as error:
        return problem_at(source, f"not JSON: {error}", first_line)


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is not a JSON number")


def problem_at(source: Source, message: str, line: int, column: int = 1) -> Problem:
    """A mistake in the data of a file, at a line and a column."""
    place = Place(source.name, line, column)
    return Problem("bad-row", message, place, excerpt=source.excerpt(line))


_SPACE = re.compile(r"[ \t\n\r]*")
_DECODER = json.JSONDecoder()


def find_items(text: str, path: tuple[str, ...]) -> list[int]:
    """Where each item of a list begins, in a text that is JSON.

    Args:
        text: The whole text.
        path: The keys that lead to the list.
    """
    at = _skip(text, 0)
    for key in path:
        at = [mark for name, mark in _walk_members(text, at) if name == key][-1]
    return list(_walk_items(text, at))


def _walk_items(text: str, at: int) -> Iterator[int]:
    """The marks of the items of the list that begins at a mark."""
    at = _skip(text, at + 1)
    while text[at] != "]":
        yield at
        at = _past(text, at)


def _walk_members(text: str, at: int) -> Iterator[tuple[str, int]]:
    """The keys of the object that begins at a mark, each with the mark of its value."""
    at = _skip(text, at + 1)
    while text[at] != "}":
        key, end = _DECODER.raw_decode(text, at)
        at = _skip(text, _skip(text, end) + 1)
        yield key, at
        at = _past(text, at)


def _past(text: str, at: int) -> int:
    """What follows a value and its comma."""
    _, end = _DECODER.raw_decode(text, at)
    end = _skip(text, end)
    return _skip(text, end + 1) if text[end] == "," else end


def _skip(text: str, at: int) -> int:
    space = _SPACE.match(text, at)
    return space.end() if space else at
