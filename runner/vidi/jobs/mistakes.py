"""One mistake in what the user wrote, before it has a place; and the nearest right names."""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING

from vidi.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from vidi.errors import Place


class MistakeError(UsageError):
    """A value is wrong; whoever knows where it stands turns this into a `Problem`."""

    def __init__(
        self,
        message: str,
        *,
        kind: str = "bad-value",
        hint: str = "",
        place: Place | None = None,
        needle: str = "",
        path: tuple[str | int, ...] = (),
    ) -> None:
        super().__init__(message, hint=hint, place=place)
        self.kind = kind
        """The `Problem.code` that it becomes."""
        self.path = path
        """Where inside the value that was looked at: keys and list positions."""
        self.needle = needle
        """A part of the text that the caret should point at, where it can be found."""


def nearest(name: str, known: Iterable[str]) -> tuple[str, ...]:
    """Up to three names of `known` that look like `name`, the best one first."""
    names = sorted(known)
    by_folded = {each.casefold(): each for each in names}
    if name.casefold() in by_folded:
        return (by_folded[name.casefold()],)
    return tuple(get_close_matches(name, names, n=3, cutoff=0.6))


def did_you_mean(name: str, known: Iterable[str], *, otherwise: str = "") -> str:
    """The hint for a name that is not known; `otherwise` where nothing resembles it."""
    close = nearest(name, known)
    if not close:
        return otherwise
    return f"Did you mean {' or '.join(repr(each) for each in close)}?"


def describe(value: object) -> str:
    """What a value is, in the words of a YAML author: `the text 'x'`, `a list`, `nothing`."""
    match value:
        case None:
            return "nothing (null)"
        case bool():
            return str(value).lower()
        case str():
            return f"the text {_shortened(value)!r}"
        case dict():
            return "a mapping"
        case list():
            return "a list"
        case _:
            return _shortened(str(value))


def _shortened(text: str, limit: int = 60) -> str:
    return text if len(text) <= limit else f"{text[: limit - 1]}…"
