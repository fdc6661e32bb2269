"""CSV and TSV as people's programs write them."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING

from vidi.errors import JobFileError, Place, Problem
from vidi.jobs.data.cell import Cell, DataRow
from vidi.jobs.data.dialect import BadQuotesError, describe_row, find_layout
from vidi.jobs.data.encoding import SAVE_AS, read_text
from vidi.jobs.data.rows import Rows
from vidi.jobs.reading.source import Source

if TYPE_CHECKING:
    from collections.abc import Sequence

MAX_BAD_ROWS = 100_000
"""After this many mistakes in one file, the rest is not looked at."""
_LONGEST_CELL = 16 * 1024 * 1024
_QUOTES = (
    "A text that holds the separating character, a line end or a quote stands in double quotes."
)

Record = tuple[int, list[str]]
"""A line's number, and the cells that begin on it."""


def read_delimited(name: str, data: bytes, fallback: str = ",") -> Rows[Record]:
    """The rows of a table of text below its header.

    Args:
        name: The file, as messages name it.
        data: Its bytes.
        fallback: What separates cells where nothing in the file says it.

    Raises:
        JobFileError: It is no such table; each mistake has its place in that file.
    """
    text, warnings = read_text(data, name)
    layout = find_layout(text, fallback)
    table = TableReader(name)
    header: list[str] | None = None
    previous = csv.field_size_limit(_LONGEST_CELL)
    try:
        for line, cells in layout.records():
            if not any(cells):
                continue
            if header is None:
                header = table.take_header(line, cells)
            else:
                table.take(line, cells, describe_row(layout, cells))
    except BadQuotesError as error:
        unclosed = "unexpected end" in str(error)
        what = "a quote is opened here and never closed" if unclosed else f"not CSV: {error}"
        table.note(error.line, what, _QUOTES)
    finally:
        csv.field_size_limit(previous)
    source = Source(name, text)
    return table.rows(warnings, source)


class TableReader:
    """Takes a table record by record, and tells what is wrong with it."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._header: list[str] = []
        self._records: list[Record] = []
        self._problems: list[tuple[int, int, str, str]] = []

    def take_header(self, line: int, cells: Sequence[str]) -> list[str]:
        """Take the names of the columns; those without a name at the end are none."""
        self._header = [cell.strip() for cell in cells]
        while self._header and not self._header[-1]:
            self._header.pop()
        twice = sorted({each for each in self._header if each and self._header.count(each) > 1})
        for name in twice:
            column = self._header.index(name, self._header.index(name) + 1) + 1
            self.note(line, f"the column {name!r} is there twice", "Rename one of them.", column)
        for column, name in enumerate(self._header, start=1):
            if not name:
                self.note(line, "a column has no name", "Write one above its cells.", column)
        return self._header

    def take(self, line: int, cells: list[str], other_words: str = "") -> None:
        """Take a record below the header; its empty cells beyond the last column are none."""
        width = len(self._header)
        while len(cells) > width and not cells[-1]:
            cells.pop()
        if len(cells) == width:
            self._records.append((line, cells))
            return
        what = other_words or (
            f"{len(cells)} value{'' if len(cells) == 1 else 's'} in this row, "
            f"{width} column{'' if width == 1 else 's'} in the header"
        )
        hint = SAVE_AS if other_words else _QUOTES
        self.note(line, what, hint)

    def note(self, line: int, what: str, hint: str, column: int = 1) -> None:
        """Keep a mistake; after very many the rest is not looked at."""
        if len(self._problems) < MAX_BAD_ROWS:
            self._problems.append((line, column, what, hint))

    def rows(
        self, warnings: tuple[Problem, ...] = (), source: Source | None = None
    ) -> Rows[Record]:
        """The rows.

        Raises:
            JobFileError: Something is wrong; every mistake.
        """
        if self._problems:
            raise JobFileError(
                [
                    Problem(
                        "bad-row",
                        what,
                        Place(self._name, line, column),
                        hint=hint,
                        excerpt=source.excerpt(line) if source else "",
                    )
                    for line, column, what, hint in self._problems
                ]
            )
        return Rows(self._records, self._row, warnings)

    def _row(self, number: int, record: Record) -> DataRow:
        line, cells = record
        item = {
            name: Cell(cell, name, Place(self._name, line, column))
            for column, (name, cell) in enumerate(zip(self._header, cells, strict=True), start=1)
        }
        return DataRow(number, item, Place(self._name, line, 1))
