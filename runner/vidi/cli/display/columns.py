"""Rows of text as an aligned table or as CSV."""

from __future__ import annotations

import csv
import io
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
