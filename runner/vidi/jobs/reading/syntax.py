"""What the YAML parser stumbled over, in the words of somebody who writes job files."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import yaml

if TYPE_CHECKING:
    from vidi.errors import Problem
    from vidi.jobs.reading.source import Source

_CONFLICT = re.compile(r"^<{7}(?: |$)", re.MULTILINE)
_FORBIDDEN = r"[^\t\n\r -~\x85\xa0-\ufffd\U00010000-\U0010ffff]"
"""Compiled where a file holds such a character: so wide a class takes 4 ms."""
QUOTE_TEMPLATES = "Put quotes around text that holds `{{ … }}`."
_HINTS = {
    "mapping values are not allowed in this context": (
        "Put quotes around text that holds `: `, or check the indentation."
    ),
    "could not find expected ':'": "Write `key: value`, or check the indentation.",
    "did not find expected key": "Check the indentation, and quotes that end too early.",
    "did not find expected '-' indicator": "Check the indentation of this list.",
    "found unexpected end of stream": "Close the quote that is opened here.",
}


def syntax_problem(source: Source, error: yaml.YAMLError) -> Problem:
    """What the parser stumbled over, at the place where the eye should look."""
    if isinstance(error, yaml.reader.ReaderError):
        found = re.search(_FORBIDDEN, source.text)
        mark, character = (found.start(), found.group()) if found else (0, "\0")
        message = f"the character U+{ord(character):04X} is not allowed in YAML"
        return source.problem("yaml", message, mark, hint="Remove it.")
    message = "not YAML"
    marks: list[yaml.Mark | None] = []
    if isinstance(error, yaml.MarkedYAMLError):
        message = error.problem or message
        marks = [error.problem_mark, error.context_mark]
    if message == "found unexpected end of stream":
        marks.reverse()  # where the quote was opened, not the end of the file
    mark = next((mark.index for mark in marks if mark), 0)
    return _explained(source, message, mark)


def _explained(source: Source, message: str, mark: int) -> Problem:
    """A syntax error with the likeliest reason for it."""
    conflict = _CONFLICT.search(source.text)
    here = source.text[mark : mark + 1]
    hint = _HINTS.get(message, "")
    if conflict:
        line = source.place(conflict.start()).line
        hint = f"Line {line} begins with `<<<<<<<`: resolve the merge conflict first."
    elif message == "found character that cannot start any token":
        message = f"{here!r} cannot start a value"
        hint = "Put quotes around this text."
        if here == "\t":
            message, hint = "a tab cannot indent YAML", "Use spaces."
    elif "{{" in source.excerpt(source.place(mark).line):
        hint = QUOTE_TEMPLATES
    return source.problem("yaml", message, mark, hint=hint)
