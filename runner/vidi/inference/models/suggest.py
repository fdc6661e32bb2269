"""The nearest of some names to a mistyped one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vidi.nearest import find_nearest

if TYPE_CHECKING:
    from collections.abc import Iterable


def nearest(word: str, names: Iterable[str], *, count: int = 3) -> tuple[str, ...]:
    """Up to `count` names that `word` was probably meant to be, the best first."""
    return find_nearest(word, names, count)


def did_you_mean(word: str, names: Iterable[str]) -> str:
    """The sentence `Did you mean 'a' or 'b'?`, or nothing where no name is near."""
    close = nearest(word, names)
    return f"Did you mean {' or '.join(map(repr, close))}?" if close else ""
