"""Tables and lines of JSON of any length, of which one row is in the memory: they are read twice.

The first time every row is looked at, so that all mistakes are told before any row is used; then
each is made when it is its turn. What is not plain UTF-8 is left to the readers of whole files.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from vidi.errors import JobFileError, Place, Problem
from vidi.jobs.data.cell import DataRow
from vidi.jobs.data.dialect import find_layout
from vidi.jobs.data.rows import Reread, Rows
from vidi.jobs.data.tables import MAX_BAD_ROWS, TableReader, walk_records
from vidi.jobs.reading.json_text import parse_json
from vidi.jobs.reading.source import Source

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator
    from pathlib import Path
    from typing import TextIO

    from vidi.jobs.data.tables import Record

_HEAD = 1 << 16
"""Characters in which the header is, and rows enough to tell what separates their cells."""
_LONGEST_EXCERPT = 4000


def stream_delimited(name: str, path: Path, fallback: str) -> Rows[Record] | None:
    """The rows of a table of text below its header; None where it must be read as a whole.

    Args:
        name: The file, as messages name it.
        path: Where it is.
        fallback: What separates cells where nothing in the file says it.

    Raises:
        JobFileError: It is no such table; each mistake has its place in that file.
    """
    try:
        with _open(path, "") as text:
            head = text.read(_HEAD)
        layout = find_layout(head, fallback)
        if "\0" in head or layout.stand_in is not None:
            return None

        def read() -> Iterator[Record]:
            table = TableReader(name)
            with _open(path, "") as text:
                yield from walk_records(layout, table, text)
            if lines := table.mistaken_lines:
                table.refuse_mistakes(_find_lines(path, "", lines))

        count = sum(1 for _ in read())
        table = TableReader(name)
        with _open(path, "") as text:
            next(walk_records(layout, table, text), None)  # takes the header
    except UnicodeDecodeError:
        return None
    return Rows(Reread(read, count), table.make_row)


def stream_jsonl(name: str, path: Path) -> Rows[tuple[int, object]] | None:
    """A JSON value a line; None where it is no UTF-8.

    Raises:
        JobFileError: Lines are no JSON; every one of them.
    """

    def read() -> Iterator[tuple[int, object]]:
        problems: list[Problem] = []
        source = _Line(name, "")
        with _open(path, "\n") as text:
            for number, line in enumerate(text, start=1):
                if not line.strip():
                    continue
                source.text = line
                row = parse_json(source, line, number)
                if not isinstance(row, Problem):
                    yield number, row
                    continue
                problems.append(row)
                if len(problems) >= MAX_BAD_ROWS:
                    break
        if problems:
            raise JobFileError(problems)

    try:
        count = sum(1 for _ in read())
    except UnicodeDecodeError:
        return None
    return Rows(
        Reread(read, count), lambda number, row: DataRow(number, row[1], Place(name, row[0], 1))
    )


class _Line(Source):
    """The line that is read just now, whatever its number."""

    def excerpt(self, line: int) -> str:  # noqa: ARG002
        """The line."""
        return self.text.rstrip("\r\n")[:_LONGEST_EXCERPT]


def _open(path: Path, newline: str) -> TextIO:
    return path.open(encoding="utf-8-sig", newline=newline)


def _find_lines(path: Path, newline: str, wanted: Collection[int]) -> dict[int, str]:
    """The text of some lines of a file."""
    with _open(path, newline) as text:
        return {
            number: line.rstrip("\r\n")[:_LONGEST_EXCERPT]
            for number, line in enumerate(text, start=1)
            if number in wanted
        }
