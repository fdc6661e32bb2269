"""The values of an entry whose names say that they are secrets, by whatever route they come.

Variables of the job, the defaults, the entry and the command line, axes of a matrix, columns of a
table, and fields of mappings in any of them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from vidi.jobs.rendering.detect import has_template
from vidi.known_secrets import says_secret

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

ROW_NAMES = frozenset({"key"})
"""What tables call a row by, and no secret."""


def find_secrets(names: Mapping[str, object]) -> Iterator[str]:
    """The texts and numbers under names that say so, at any depth; no templates."""
    for name, value in names.items():
        if says_secret(str(name)):
            yield from _list_texts(value)
        else:
            yield from _find_inside(value)


def find_given_secrets(given: Mapping[str, object]) -> Iterator[str]:
    """The same in what a matrix and a row of data give, where `key` is an ordinary name."""
    for name, value in given.items():
        if name == "item" and isinstance(value, dict):
            yield from find_given_secrets(value)
        elif isinstance(value, dict | list) or (name not in ROW_NAMES and says_secret(str(name))):
            yield from find_secrets({name: value})


def _find_inside(value: object) -> Iterator[str]:
    if isinstance(value, dict):
        yield from find_secrets(value)
    elif isinstance(value, list):
        for each in value:
            yield from _find_inside(each)


def _list_texts(value: object) -> Iterator[str]:
    if isinstance(value, str):
        if not has_template(value):
            yield str(value)
    elif isinstance(value, dict):
        for each in value.values():
            yield from _list_texts(each)
    elif isinstance(value, list):
        for each in value:
            yield from _list_texts(each)
    elif isinstance(value, int | float) and not isinstance(value, bool):
        yield str(value)
