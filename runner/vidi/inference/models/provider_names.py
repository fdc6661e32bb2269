"""The names that model ids may begin with: the built-in providers', and those of plug-ins."""

from __future__ import annotations

import functools
import sys

BUILT_IN = ("replicate", "fal")
"""The folders under a templates folder."""

PLUG_INS = "vidi.providers"
"""The entry point group in which an installed distribution names providers of its own."""


def provider_names() -> tuple[str, ...]:
    """Every provider's name, the built-in ones first. Imports no plug-in."""
    return _find_names(tuple(sys.path))


@functools.cache
def _find_names(_path: tuple[str, ...]) -> tuple[str, ...]:
    # Looking through all that is installed takes 12 ms, and a run asks four times.
    from importlib.metadata import entry_points

    found = {point.name for point in entry_points(group=PLUG_INS)}
    return (*BUILT_IN, *sorted(found.difference(BUILT_IN)))


def is_provider(name: str) -> bool:
    """Whether there is a provider of that name; only a strange one is looked for."""
    return name in BUILT_IN or name in provider_names()
