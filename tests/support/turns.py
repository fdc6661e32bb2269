"""What an ordinary run tries by turns and a long one in full: the pairs of two lists."""

import itertools
import os
from collections.abc import Iterable, Sequence
from typing import TypeVar

First = TypeVar("First")
Second = TypeVar("Second")


def in_turns(
    setting: str, first: Iterable[First], second: Iterable[Second]
) -> Sequence[tuple[First, Second]]:
    """Pairs in which each of either list has its turn; every pair, where the setting is given.

    Args:
        setting: The environment variable for every pair; docs/contributing.md names it.
        first: The longer list.
        second: The shorter one.
    """
    first, second = list(first), list(second)
    assert len(first) >= len(second)
    if os.environ.get(setting):
        return list(itertools.product(first, second))
    return list(zip(first, itertools.cycle(second), strict=False))
