"""The text of a file, and where in it a character stands."""

from __future__ import annotations

import re
from array import array
from bisect import bisect_right
from functools import cached_property
from typing import TYPE_CHECKING

from vidi.errors import Place, Problem

if TYPE_CHECKING:
    from vidi.jobs.mistakes import MistakeError

_LINE_END = re.compile(r"\r\n|\r|\n")
_NUMBER = re.compile(r"[-+.0-9a-zA-Z_]+")
_LONGEST_EXCERPT = 4000
"""Characters that are kept; messages show 200 of them."""


class Source:
    """A text with a name. Positions in it ("marks") are offsets in characters from 0."""

    def __init__(self, name: str, text: str) -> None:
        self.name = name
        self.text = text
        self._excerpts: dict[int, str] = {}
        """Held, so that the mistakes of a file of one line share it."""

    @cached_property
    def _line_starts(self) -> array[int]:
        starts = array("Q", [0])  # 16 MiB of line ends are half a gigabyte as a list
        starts.extend(end.end() for end in _LINE_END.finditer(self.text))
        return starts

    def place(self, mark: int) -> Place:
        """The line and column of a mark, both counted from 1, columns in characters."""
        line = bisect_right(self._line_starts, mark)
        return Place(self.name, line, mark - self._line_starts[line - 1] + 1)

    def excerpt(self, line: int) -> str:
        """The text of a line without its end; empty for a line that is not there."""
        if not 1 <= line <= len(self._line_starts):
            return ""
        if line not in self._excerpts:
            start = self._line_starts[line - 1]
            written = self.text[start : start + _LONGEST_EXCERPT]
            end = _LINE_END.search(written)
            self._excerpts[line] = written[: end.start()] if end else written
        return self._excerpts[line]

    def number_at(self, mark: int) -> str:
        """The number that is written at a mark, digit by digit; empty where none is."""
        found = _NUMBER.match(self.text, mark)
        return found.group() if found else ""

    def find(self, needle: str, mark: int, reach: int) -> int:
        """Where `needle` stands within `reach` characters of a mark; the mark if nowhere."""
        found = self.text.find(needle, mark, mark + reach) if needle else -1
        return mark if found < 0 else found

    def problem(
        self, code: str, message: str, mark: int, *, hint: str = "", ids: tuple[str, ...] = ()
    ) -> Problem:
        """A mistake at a mark of this text, with its line."""
        place = self.place(mark)
        excerpt = self.excerpt(place.line)
        return Problem(code, message, place, hint=hint, ids=ids, excerpt=excerpt)

    def problem_of(self, mistake: MistakeError, mark: int, ids: tuple[str, ...] = ()) -> Problem:
        """The same for a `MistakeError`, which may know a better place itself."""
        if mistake.place is not None:
            return Problem(mistake.kind, mistake.message, mistake.place, hint=mistake.hint, ids=ids)
        return self.problem(mistake.kind, mistake.message, mark, hint=mistake.hint, ids=ids)
