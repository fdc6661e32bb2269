"""A set that knows whether it has had something, and nothing else, in some 16 bytes each.

It keeps 64 bits of Python's own hash, which is keyed anew in every process: of ten million texts
two are taken for one in three of a million runs, and not in the same run again.
"""

from __future__ import annotations

from array import array
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Hashable

_FEWEST = 1024
_BYTES = 8


class HashedSet:
    """Open addressing over one array, at most two thirds of it filled."""

    def __init__(self) -> None:
        self._slots = array("q", bytes(_BYTES * _FEWEST))
        self._count = 0

    def __len__(self) -> int:
        """How many it has."""
        return self._count

    def __contains__(self, item: Hashable) -> bool:
        """Whether it has had it."""
        return bool(self._slots[self._find(hash(item) or 1)])

    def add(self, item: Hashable) -> None:
        """Take something in."""
        key = hash(item) or 1  # 0 is an empty place
        at = self._find(key)
        if self._slots[at]:
            return
        self._slots[at] = key
        self._count += 1
        if self._count * 3 > len(self._slots) * 2:
            self._grow()

    def _find(self, key: int) -> int:
        """Where a key is, or would be."""
        slots, mask = self._slots, len(self._slots) - 1
        at = key & mask
        while (there := slots[at]) and there != key:
            at = (at + 1) & mask
        return at

    def _grow(self) -> None:
        before = self._slots
        self._slots = array("q", bytes(2 * _BYTES * len(before)))
        for key in before:
            if key:
                self._slots[self._find(key)] = key


class HashedOwners(HashedSet):
    """Stands for a dictionary of who has what, where there is no room for the names of all."""

    def get(self, item: Hashable) -> str | None:
        """An empty name where somebody has it; None where nobody does."""
        return "" if item in self else None

    def setdefault(self, item: Hashable, owner: str) -> str:
        """Take it for an owner; gives that owner, or "" where somebody had it already."""
        if item in self:
            return ""
        self.add(item)
        return owner

    def __setitem__(self, item: Hashable, owner: object) -> None:
        """Take it, for whomever."""
        self.add(item)
