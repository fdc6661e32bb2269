"""The nearest of some names to a mistyped one."""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


def nearest(word: str, names: Iterable[str], *, count: int = 3) -> tuple[str, ...]:
    """Up to `count` names that `word` was probably meant to be, the best first."""
    by_fold = {name.casefold(): name for name in names}
    close = get_close_matches(word.casefold(), by_fold, n=count, cutoff=0.6)
    return tuple(by_fold[fold] for fold in close)


def did_you_mean(word: str, names: Iterable[str]) -> str:
    """The sentence `Did you mean 'a' or 'b'?`, or nothing where no name is near."""
    close = nearest(word, names)
    return f"Did you mean {' or '.join(map(repr, close))}?" if close else ""
