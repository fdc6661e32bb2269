"""The variables that a job file has a use for: those that it sets, and those that it reads."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vidi.jobs.rendering.detect import GIVEN, names_in

if TYPE_CHECKING:
    from collections.abc import Iterator


def find_used_names(root: object) -> frozenset[str]:
    """Every name that a job file's `vars` set, anywhere in it, or that its templates read.

    Args:
        root: What the file holds, templates not rendered.
    """
    return frozenset(_find(root)) - GIVEN


def _find(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield from names_in(value)
    elif isinstance(value, dict):
        own = value.get("vars")
        if isinstance(own, dict):
            yield from (name for name in own if isinstance(name, str))
        for each in value.values():
            yield from _find(each)
    elif isinstance(value, list):
        for each in value:
            yield from _find(each)
