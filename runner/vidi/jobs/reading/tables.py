"""Mappings and lists that know where each of their values stands."""

from __future__ import annotations

from array import array

Value = object
"""A Table, a Row, text, a number, a boolean or None."""


class Table(dict[str, object]):
    """A mapping. Beside its values, the mark of every key and every value."""

    __slots__ = ("_first", "_marks", "at")

    def __init__(self, at: int) -> None:
        super().__init__()
        self.at = at
        self._marks: list[int] | array[int] = []
        self._first = 0

    def key_mark(self, key: str) -> int:
        """Where a key of this mapping stands."""
        return self.marks_at(list(self).index(key))[0]

    def value_mark(self, key: str) -> int:
        """Where the value of a key stands; of an alias, where its anchor stands."""
        return self.marks_at(list(self).index(key))[1]

    def marks_at(self, number: int) -> tuple[int, int]:
        """Where the key of this number, from 0, and its value stand."""
        at = self._first + 2 * number
        return self._marks[at], self._marks[at + 1]

    def put(self, key: str, value: Value, key_mark: int, value_mark: int) -> None:
        """Add a key that is not there yet, before the mapping is whole."""
        self[key] = value
        marks = self._marks
        marks.append(key_mark)
        marks.append(value_mark)

    def keep_marks(self, marks: array[int]) -> None:
        """The mapping is whole: its marks go where those of all others are, which is smaller."""
        self._first = len(marks)
        marks.extend(self._marks)
        self._marks = marks


class Row(list[object]):
    """A list. Beside its values, the mark of each."""

    __slots__ = ("at", "marks")

    def __init__(self, at: int) -> None:
        super().__init__()
        self.at = at
        self.marks = array("I")


def without_places(value: Value) -> Value:
    """The same value as plain dicts and lists."""
    if isinstance(value, dict):
        return {key: without_places(each) for key, each in value.items()}
    if isinstance(value, list):
        return [without_places(each) for each in value]
    return value
