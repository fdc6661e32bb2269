"""JSON that people wrote, with the place of what is wrong in it.

YAML's parser reads most JSON, but not the surrogate pairs that JSON writers make of emoji.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from vidi.errors import Place, Problem

if TYPE_CHECKING:
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
