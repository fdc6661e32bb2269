"""CSV and TSV as people's programs write them."""

from __future__ import annotations

import csv
from itertools import islice
from typing import TYPE_CHECKING

from vidi.errors import JobFileError, Place, Problem
from vidi.jobs.data.cell import Cell, DataRow
from vidi.jobs.data.dialect import BadQuotesError, describe_row, find_layout
from vidi.jobs.data.encoding import SAVE_AS, read_text
from vidi.jobs.data.rows import Rows
from vidi.jobs.reading.source import Source

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from vidi.jobs.data.dialect import Layout

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
    records = list(walk_records(layout, table))
    source = Source(name, text)
    table.refuse_mistakes({line: source.excerpt(line) for line in table.mistaken_lines})
    return Rows(records, table.make_row, warnings)


def walk_records(
    layout: Layout, table: TableReader, text: Iterable[str] | None = None
) -> Iterator[Record]:
    """The records below the header that are as wide as it; what is wrong is noted in the table.

    Args:
        layout: How they are written.
        table: Takes the header, and looks at each.
        text: The lines of the whole file, where the layout has not its text.
    """
    lines = None if text is None else islice(text, layout.skipped, None)
    has_header = False
    previous = csv.field_size_limit(_LONGEST_CELL)
    try:
        for line, cells in layout.records(lines):
            if not any(cells):
                continue
            if not has_header:
                table.take_header(line, cells)
                has_header = True
            elif table.fits(line, cells, describe_row(layout, cells)):
                yield line, cells
    except BadQuotesError as error:
        unclosed = "unexpected end" in str(error)
        what = "a quote is opened here and never closed" if unclosed else f"not CSV: {error}"
        table.note(error.line, what, _QUOTES)
    finally:
        csv.field_size_limit(previous)


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

    def take(self, line: int, cells: list[str]) -> None:
        """Take a record below the header."""
        if self.fits(line, cells):
            self._records.append((line, cells))

    def fits(self, line: int, cells: list[str], other_words: str = "") -> bool:
        """Whether a record is as wide as the header; empty cells beyond the last column are none.

        One that is not is noted, in `other_words` where they are known.
        """
        width = len(self._header)
        while len(cells) > width and not cells[-1]:
            cells.pop()
        if len(cells) == width:
            return True
        what = other_words or (
            f"{len(cells)} value{'' if len(cells) == 1 else 's'} in this row, "
            f"{width} column{'' if width == 1 else 's'} in the header"
        )
        hint = SAVE_AS if other_words else _QUOTES
        self.note(line, what, hint)
        return False

    def note(self, line: int, what: str, hint: str, column: int = 1) -> None:
        """Keep a mistake; after very many the rest is not looked at."""
        if len(self._problems) < MAX_BAD_ROWS:
            self._problems.append((line, column, what, hint))

    @property
    def mistaken_lines(self) -> frozenset[int]:
        """The lines in which something is wrong."""
        return frozenset(line for line, *_ in self._problems)

    def refuse_mistakes(self, excerpts: Mapping[int, str]) -> None:
        """Tell what has been noted.

        Args:
            excerpts: The text of the lines in which something is wrong, as far as they have any.

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
                        excerpt=excerpts.get(line, ""),
                    )
                    for line, column, what, hint in self._problems
                ]
            )

    def rows(self) -> Rows[Record]:
        """The rows that were taken.

        Raises:
            JobFileError: Something is wrong; every mistake.
        """
        self.refuse_mistakes({})
        return Rows(self._records, self.make_row)

    def make_row(self, number: int, record: Record) -> DataRow:
        """A record as what `foreach` gives."""
        line, cells = record
        item = {
            name: Cell(cell, name, Place(self._name, line, column))
            for column, (name, cell) in enumerate(zip(self._header, cells, strict=True), start=1)
        }
        return DataRow(number, item, Place(self._name, line, 1))
