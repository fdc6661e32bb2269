"""The names nearest to a mistyped one, within a bound of time.

A stranger's file may hold 100,000 unknown keys, or 100,000 names that one may have meant; what was
meant is a courtesy, and no reason to search for minutes.
"""

from __future__ import annotations

import time
from difflib import get_close_matches
from itertools import islice
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

LONGEST_NAME = 200
"""Characters; a longer word is no mistyped name."""
MOST_NAMES = 10_000
"""So many are looked at for one word, which takes 0.1 s."""
CUTOFF = 0.6
"""How similar is near; difflib's own."""


class _SearchTime:
    """Seconds of searching: 10 at once, and a tenth of what this process works; processor time."""

    def __init__(self, most: float = 10.0, share: float = 0.1) -> None:
        self._most = self._left = most
        self._share = share
        self._looked = time.process_time()

    def is_left(self) -> bool:
        now = time.process_time()
        self._left = min(self._most, self._left + self._share * (now - self._looked))
        self._looked = now
        return self._left > 0

    def spend(self, began: float) -> None:
        self._left -= time.process_time() - began


_search_time = _SearchTime()


def find_nearest(word: str, names: Iterable[str], count: int = 3) -> tuple[str, ...]:
    """Up to `count` names that a word was probably meant to be, the nearest first.

    None where the word is too long for a name, or where this process has searched for so many
    words already that it would take too long.
    """
    if len(word) > LONGEST_NAME or not _search_time.is_left():
        return ()
    began = time.process_time()
    by_fold = {
        name.casefold(): name for name in islice(names, MOST_NAMES) if len(name) <= LONGEST_NAME
    }
    fold = word.casefold()
    close = [fold] if fold in by_fold else get_close_matches(fold, by_fold, count, CUTOFF)
    _search_time.spend(began)
    return tuple(by_fold[each] for each in close)
