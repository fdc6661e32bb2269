"""What `foreach` gives to one inference: a row of data, and cells that know where they stand."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from collections.abc import Iterable

    from vidi.errors import Place


@dataclass(frozen=True, slots=True)
class Origin:
    """Where in a data file a value comes from."""

    place: Place
    excerpt: str = ""
    """The column and the cell, as messages show them; empty for a row as a whole."""


class Cell(str):
    """The text of a spreadsheet's cell.

    It is text wherever it is put into other text. Where it is the whole value of a param, the
    param's own type reads it.
    """

    __slots__ = ("column", "place")

    column: str
    """The heading that it stands under."""
    place: Place
    """Its file, line, and which cell of the line it is, from 1."""

    @property
    def origin(self) -> Origin:
        """Where it comes from, as messages show it."""
        return Origin(self.place, f"{self.column}: {self}" if self.column else str(self))

    def __new__(cls, text: str, column: str, place: Place) -> Self:
        """Give a text its place."""
        cell = super().__new__(cls, text)
        cell.column = column
        cell.place = place
        return cell


@dataclass(frozen=True, slots=True)
class DataRow:
    """One of the values that `foreach` walks over."""

    number: int
    """Its position among them, from 1."""
    item: object
    place: Place | None = None
    """Where it begins in the data file; None for a list that the job file holds itself."""

    def origin_of(self, columns: Iterable[str]) -> Origin | None:
        """Where the first of the named cells comes from; the row itself where it has none."""
        if isinstance(self.item, Cell):
            return self.item.origin
        cells = map(self.item.get, columns) if isinstance(self.item, dict) else ()
        found = next((cell for cell in cells if isinstance(cell, Cell)), None)
        if found is not None:
            return found.origin
        return None if self.place is None else Origin(self.place)
