"""Which character separates the cells of a table, and what to say of a row that has another."""

from __future__ import annotations

import csv
import io
import re
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

NAMES = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars"}
DELIMITERS = (",", ";", "\t")
"""What programs write where nobody says `sep=`; the first wins where nothing decides."""
_SEP = re.compile(r"sep=(.)", re.IGNORECASE)
_LINE = re.compile(r"([^\r\n]*)(\r\n|\r|\n)")
_HEADER = re.compile(r'(?:"[^"]*"|[^"\r\n])*')
_LONE_RETURN = re.compile(r"\r(?!\n)")
_NEW_LINE = re.compile(r"\n")
_STAND_INS = tuple(map(chr, range(0xE000, 0xF8FF)))
"""For private use (Unicode): one of them is surely not in a text."""
_QUOTED = re.compile(r'"[^"]*"')
_HEAD = 1000
"""Characters in which a comma before a space is rather part of a text: `title;price, EUR`."""
_COMPARED = 50
"""Rows that are compared with a header that has two kinds of delimiters."""


class BadQuotesError(Exception):
    """A quote that opens a cell is not closed, or one inside of a cell is not doubled."""

    def __init__(self, line: int, what: str) -> None:
        super().__init__(what)
        self.line = line


@dataclass(frozen=True, slots=True)
class Layout:
    """How the text of a table is to be read."""

    delimiter: str
    skipped: int
    """Lines before the header: `sep=`, comments, empty ones."""
    text: str
    """From the header on."""
    kinds: tuple[str, ...]
    """Every delimiter that the header has."""
    stand_in: tuple[str, str] | None = None
    """A character in the text, and what it stands for: Python's csv does not quote the one of
    `\\r` and `\\n` that is not its line end, and its reader takes both for one."""

    def records(self, lines: Iterable[str] | None = None) -> Iterator[tuple[int, list[str]]]:
        """Every record, with the line of the file on which it begins.

        Args:
            lines: Those of the text from the header on, where it is not all here.

        Raises:
            BadQuotesError: A quote is not where it may be.
        """
        if lines is None:
            lines = io.StringIO(self.text, newline="")
        reader = csv.reader(lines, delimiter=self.delimiter, strict=True)
        while True:
            line = self.skipped + reader.line_num + 1
            try:
                cells = next(reader, None)
            except csv.Error as error:
                raise BadQuotesError(line, str(error)) from error
            if cells is None:
                return
            if self.stand_in is not None:
                cells = [cell.replace(*self.stand_in) for cell in cells]
            yield line, cells


def find_layout(text: str, fallback: str = ",") -> Layout:
    """Find the delimiter of a table from its header.

    Args:
        text: Of the whole file.
        fallback: The delimiter of a header of a single column.
    """
    said = ""
    skipped = start = 0
    while (line := _LINE.match(text, start)) is not None:
        found = _SEP.fullmatch(line[1]) if not skipped else None
        if found:
            said = found[1]
        elif line[1].strip() and not line[1].startswith("#"):
            break
        skipped += 1
        start = line.end()
    text = text[start:]
    header = _HEADER.match(text)
    counts = _count(header[0] if header else "")
    kinds = tuple(each for each in DELIMITERS if counts[each])
    text, stand_in = _join_lines(text, header.end() if header else 0)
    return Layout(said or _likeliest(text, kinds, fallback), skipped, text, kinds, stand_in)


def _join_lines(text: str, header_end: int) -> tuple[str, tuple[str, str] | None]:
    """The text in which only what ends the header ends a line, and what stands for the others."""
    end = text[header_end : header_end + 2]
    original = {"\n": "\r", "\r": "\n"}.get(end[:1] if end != "\r\n" else "")
    other = _LONE_RETURN if original == "\r" else _NEW_LINE
    if original is None or other.search(text) is None:
        return text, None
    stand_in = next(character for character in _STAND_INS if character not in text)
    return other.sub(stand_in, text), (stand_in, original)


def _count(line: str) -> dict[str, int]:
    bare = _QUOTED.sub("", line)
    return {each: bare.count(each) for each in DELIMITERS}


def _likeliest(text: str, kinds: tuple[str, ...], fallback: str) -> str:
    """The delimiter in which rows have as many cells as the header.

    A header of one column has none: prose with commas below it is one cell a line.
    """
    if len(kinds) == 1:
        return kinds[0]
    candidates = kinds or (fallback, *(each for each in DELIMITERS if each != fallback))
    compared = _COMPARED if kinds else None

    def fitness(delimiter: str) -> tuple[int, int, int]:
        prose = text.count(f"{delimiter} ", 0, _HEAD)
        return (*_agreement(text, delimiter, compared), -prose)

    return max(candidates, key=fitness)


def _agreement(text: str, delimiter: str, compared: int | None) -> tuple[int, int]:
    """How many of the first rows have as many cells as the header, and how many cells it has."""
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    agreeing = width = 0
    try:
        for row in islice(rows, compared):
            width = width or len(row)
            agreeing += len(row) == width
    except csv.Error:
        return agreeing, width
    return agreeing, width


def describe_row(layout: Layout, cells: list[str]) -> str:
    """Where a row is separated by other characters than the header: that, in words; else ""."""
    if len(cells) != 1:
        return ""
    counts = _count(cells[0])
    others = [each for each in DELIMITERS if counts[each] and each != layout.delimiter]
    if not others:
        return ""
    other = max(others, key=lambda each: counts[each])
    header = name_delimiters(layout.kinds or (layout.delimiter,))
    return f"the header is separated by {header}, this row by {NAMES[other]}"


def name_delimiters(delimiters: tuple[str, ...]) -> str:
    """`commas`, `semicolons and tabs`."""
    names = [NAMES.get(each, repr(each)) for each in delimiters]
    return " and ".join(names) if len(names) < 3 else f"{', '.join(names[:-1])} and {names[-1]}"
