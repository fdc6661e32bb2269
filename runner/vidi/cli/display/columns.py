"""Rows of text as an aligned table or as CSV."""

from __future__ import annotations

import csv
import io
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    Row = Sequence[str]


def align(rows: Sequence[Row], *, right: frozenset[int] = frozenset()) -> list[str]:
    """Pad each column to its widest cell; those in `right` are figures and end together."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return ["  ".join(_pad(row, widths, right)).rstrip() for row in rows]


def render_csv(rows: Sequence[Row]) -> str:
    """Write rows as CSV (RFC 4180, but with plain line ends), without the last line end."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue().rstrip("\n")


def _pad(row: Row, widths: Sequence[int], right: frozenset[int]) -> list[str]:
    return [
        cell.rjust(width) if column in right else cell.ljust(width)
        for column, (cell, width) in enumerate(zip(row, widths, strict=True))
    ]


def fit_terminal(rows: Sequence[Row], *, middle: int, ends: Sequence[int]) -> Sequence[Row]:
    """The rows as `fit` makes them where a terminal shows them; whole for a pipe or a file."""
    if not rows or not sys.stdout.isatty():
        return rows
    import shutil  # with bz2 and lzma

    return fit(rows, shutil.get_terminal_size().columns, middle=middle, ends=ends)


def shorten_middle(text: str, width: int) -> str:
    """A text of at most `width` characters: its ends say what it is."""
    if len(text) <= width:
        return text
    end = max(1, 2 * (width - 1) // 3)
    return f"{text[: max(0, width - 1 - end)]}…{text[-end:]}"


def shorten_end(text: str, width: int) -> str:
    """A text of at most `width` characters: its beginning."""
    return text if len(text) <= width else f"{text[: max(0, width - 1)]}…"


def fit(rows: Sequence[Row], width: int, *, middle: int, ends: Sequence[int]) -> list[Row]:
    """Rows that stay one line each: some columns give way, the others are kept whole.

    Args:
        rows: The heading first.
        width: Of a line, in characters.
        middle: The column that is shortened in its middle, such as a model's id.
        ends: The columns that lose their ends, the least needed first; they go at last.
    """
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    excess = sum(widths) + 2 * (len(widths) - 1) - width
    for column, least in (*((each, 8) for each in ends), (middle, 16)):
        given = min(max(excess, 0), max(widths[column] - least, 0))
        widths[column] -= given
        excess -= given
    dropped = set()
    for column in ends:
        if excess > 0:
            dropped.add(column)
            excess -= widths[column] + 2
    return [
        tuple(
            shorten_middle(cell, widths[column])
            if column == middle
            else shorten_end(cell, widths[column])
            for column, cell in enumerate(row)
            if column not in dropped
        )
        for row in rows
    ]
