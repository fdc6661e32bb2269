"""One mistake in what the user wrote, before it has a place; and the nearest right names."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vidi.errors import UsageError
from vidi.nearest import find_nearest

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from vidi.errors import Place

MOST_NAMED = 20
"""Names that a hint lists."""
MOST_TOLD = 100
"""Mistakes of one mapping, or of one entry, that are told one by one."""


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


def first_of(mistakes: Iterable[MistakeError]) -> Iterator[MistakeError]:
    """The first hundred mistakes of one mapping; of more than these, only that there are more.

    Of a million unknown keys, each would take longer to be looked up and told than to be mended.
    """
    for number, mistake in enumerate(mistakes):
        if number == MOST_TOLD:
            yield more_than_told(mistake)
            return
        yield mistake


def more_than_told(mistake: MistakeError) -> MistakeError:
    """What is said in the place of the first mistake that is not told."""
    return MistakeError(f"more than {MOST_TOLD} mistakes", kind="too-many", path=mistake.path)


def name_all(names: Iterable[str], otherwise: str = "nothing") -> str:
    """Names as a hint lists them: twenty at most, each cut where it is no name any more."""
    known = [*names]
    more = f", … ({len(known) - MOST_NAMED:,} more)" if len(known) > MOST_NAMED else ""
    return ", ".join(_shortened(each) for each in known[:MOST_NAMED]) + more or otherwise


def nearest(name: str, known: Iterable[str]) -> tuple[str, ...]:
    """Up to three names of `known` that look like `name`, the best one first."""
    return find_nearest(name, known)


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
