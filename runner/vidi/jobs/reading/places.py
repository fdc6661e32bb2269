"""Where each value of an inference stands, through merges and defaults."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vidi.jobs.reading.tables import Row, Table

if TYPE_CHECKING:
    from collections.abc import Collection

    from vidi.errors import Place, Problem
    from vidi.jobs.mistakes import MistakeError
    from vidi.jobs.reading.source import Source

MERGED_BY_KEY = frozenset(("params", "vars"))
"""Mappings that an entry adds to key by key; everything else it replaces."""

ON_KEY = frozenset(("unknown-key", "missing", "bad-name"))
"""Mistakes that are about a key, not about its value."""


class Places:
    """One entry over the defaults. Shared by every inference that the entry expands to.

    A path is a sequence of keys and list positions, such as `("params", "size", "width")`. What
    is not there itself has the place of the nearest parent that is.
    """

    __slots__ = ("_defaults", "_entry", "source")

    def __init__(self, source: Source, entry: Table, defaults: Table) -> None:
        self.source = source
        self._entry = entry
        self._defaults = defaults

    @property
    def mark(self) -> int:
        """Where the entry stands."""
        return self._entry.at

    def empty(self, key: str) -> None:
        """Let go of the list that is the value of a key."""
        value = self._entry.get(key)
        if isinstance(value, Row):
            self._entry[key] = Row(value.at)

    def of_key(self, *path: str | int) -> Place:
        """Where a key stands."""
        return self.source.place(self.marks(path)[0])

    def of_value(self, *path: str | int) -> Place:
        """Where a value stands."""
        return self.source.place(self.marks(path)[1])

    def excerpt(self, place: Place) -> str:
        """The line of a place."""
        return self.source.excerpt(place.line)

    def get(self, key: str) -> object:
        """What the entry says of a key, else the defaults, else None."""
        own, other = self._entry.get(key), self._defaults.get(key)
        if key in MERGED_BY_KEY and isinstance(own, dict) and isinstance(other, dict):
            return {**other, **own}
        return own if key in self._entry else other

    def merged(self) -> dict[str, object]:
        """All that the entry says, over the defaults: what `get` gives for each key."""
        merged = {**self._defaults, **self._entry}
        for key in MERGED_BY_KEY:
            own, other = self._entry.get(key), self._defaults.get(key)
            if isinstance(own, dict) and isinstance(other, dict):
                merged[key] = {**other, **own}
        return merged

    def default_under_template(self, key: str) -> object:
        """The mapping of the defaults that a template in the entry is to be added to, or None."""
        other = self._defaults.get(key)
        merges = isinstance(self._entry.get(key), str) and isinstance(other, dict)
        return other if merges else None

    def names_of_defaults(self, key: str) -> Collection[str]:
        """The names in a mapping of the defaults that the entry has not itself."""
        own, other = self._entry.get(key), self._defaults.get(key)
        if not isinstance(other, dict):
            return ()
        return other.keys() - own.keys() if isinstance(own, dict) else other.keys()

    def written(self, path: tuple[str | int, ...]) -> object:
        """What stands at a path, templates not rendered; None where nothing does."""
        value: object = self._owner(path)
        for step in path:
            value = inside(value, step)
        return value

    def __contains__(self, key: object) -> bool:
        return key in self._entry or key in self._defaults

    def takes_default(self, path: tuple[str | int, ...]) -> bool:
        """Whether the value at a path comes from the defaults."""
        return self._owner(path) is self._defaults

    def marks(self, path: tuple[str | int, ...]) -> tuple[int, int]:
        """The marks of the key and of the value at a path."""
        return _walk(self._owner(path), path)

    def number_at(self, *path: str | int) -> str:
        """The digits of a number as they are written."""
        return self.source.number_at(self.marks(path)[1])

    def problem(
        self, mistake: MistakeError, path: tuple[str | int, ...], ids: tuple[str, ...] = ()
    ) -> Problem:
        """A mistake in the value at a path; in its key, where a key is what is unknown."""
        key, mark = self.marks((*path, *mistake.path))
        if mistake.kind in ON_KEY:
            mark = key
        reach = 4 * len(mistake.needle) + 4096 if mistake.needle else 0
        return self.source.problem_of(mistake, self.source.find(mistake.needle, mark, reach), ids)

    def _owner(self, path: tuple[str | int, ...]) -> Table:
        """Which of the two the value at a path comes from."""
        if not path:
            return self._entry
        depth = 2 if path[0] in MERGED_BY_KEY and len(path) > 1 else 1
        for length in range(depth, 0, -1):
            for layer in (self._entry, self._defaults):
                if _has(layer, path[:length]):
                    return layer
        return self._entry


def inside(value: object, step: str | int) -> object:
    """What a mapping or a list holds at a key or a position; None where it is neither."""
    if isinstance(value, dict):
        return value.get(step)
    if isinstance(value, list) and isinstance(step, int) and step < len(value):
        return value[step]
    return None


def _has(table: Table, path: tuple[str | int, ...]) -> bool:
    value: object = table
    for step in path:
        if not isinstance(value, dict) or step not in value:
            return False
        value = value[step]
    return True


def _walk(table: Table, path: tuple[str | int, ...]) -> tuple[int, int]:
    key = mark = table.at
    value: object = table
    for step in path:
        if isinstance(value, Table) and step in value:
            key, mark = value.key_mark(str(step)), value.value_mark(str(step))
            value = value[str(step)]
        elif isinstance(value, Row) and isinstance(step, int) and 0 <= step < len(value):
            key = mark = value.marks[step]
            value = value[step]
        else:
            break
    return key, mark
