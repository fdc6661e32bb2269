"""What an ordinary run tries in part and a long one in full: pairs of lists, made-up examples."""

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


def examples(many: int) -> int:
    """How many examples a property has: all with VIDI_ALL_EXAMPLES=1, else a fifth, at least 10."""
    return many if os.environ.get("VIDI_ALL_EXAMPLES") else max(many // 5, 10)
