"""The notation of a template's `output`: where in an answer the assets are.

images[].url                       dotted names, `[]` for each item
output[] (join)                    chunks of one text
text (text), segments (json)       several, each with what it is
output.mesh, output.preview (file) unmarked: what the model makes; (file): a URL in any case
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

EACH = "[]"
Marker = Literal["", "text", "join", "json", "file"]

_SEPARATOR = re.compile(r",\s+(?![^()]*\))")
_PART = re.compile(r"(?P<path>\S*?)\s*(?:\((?P<note>[^()]*)\))?")
_STEP = re.compile(r"\[\]|[^.\[\]]+")
_MARKERS: Mapping[str, Marker] = {"text": "text", "join": "join", "json": "json", "file": "file"}


@dataclass(frozen=True, slots=True)
class OutputPath:
    """One place in an answer, and what its template says is there."""

    steps: tuple[str, ...]
    marker: Marker


@dataclass(frozen=True, slots=True)
class Match:
    """A value that a path leads to, with the object it sits in."""

    value: object
    holder: Mapping[str, object]
    """The object whose key the value is; empty where there is none."""


def read_notation(output: str) -> tuple[OutputPath, ...]:
    """Read a template's `output`; a remark in brackets that is no marker is left aside."""
    return tuple(_read_part(part) for part in _SEPARATOR.split(output.strip()) if part.strip())


def follow(value: object, steps: tuple[str, ...]) -> Iterator[Match]:
    """Every value that the steps lead to, in order; an object in place of a list counts as one."""
    yield from _follow(Match(value, {}), steps)


def _read_part(part: str) -> OutputPath:
    found = _PART.fullmatch(part.strip())
    if found is None:
        return OutputPath((part.strip(),), "")
    return OutputPath(
        tuple(_STEP.findall(found["path"])), _MARKERS.get((found["note"] or "").strip(), "")
    )


def _follow(match: Match, steps: tuple[str, ...]) -> Iterator[Match]:
    if not steps:
        yield match
        return
    step, rest = steps[0], steps[1:]
    if isinstance(match.value, list):
        after = rest if step == EACH else steps
        for item in match.value:
            yield from _follow(Match(item, match.holder), after)
    elif step == EACH:
        yield from _follow(match, rest)
    elif isinstance(match.value, dict) and step in match.value:
        yield from _follow(Match(match.value[step], match.value), rest)
