"""How big a value of a job file may be that templates make."""

from __future__ import annotations

MAX_TEXT = 1024 * 1024
"""Characters of one string."""
MAX_VALUE = 16 * MAX_TEXT
"""Characters of all the text in one value."""
MAX_PARTS = 1_000_000
"""Lists, mappings, keys and other values in one value."""


class TooBigError(Exception):
    """A value grew over its bound."""


def measure(value: object) -> int:
    """How many characters the text in a value has, and that it is within the bounds.

    Raises:
        TooBigError: It is not.
    """
    return measure_more(value, 0, 0)[0]


def measure_more(value: object, size: int, parts: int) -> tuple[int, int]:
    """The characters and the parts of what was measured so far, with one more value.

    Raises:
        TooBigError: Together they are too many.
    """
    parts += 1
    if parts > MAX_PARTS:
        raise TooBigError(f"a value with more than {MAX_PARTS:,} parts")
    if isinstance(value, str):
        size += len(value)
        if len(value) > MAX_TEXT or size > MAX_VALUE:
            raise TooBigError(f"a text of more than {MAX_TEXT:,} characters")
    elif isinstance(value, dict):
        for key, each in value.items():
            size, parts = measure_more(each, size + len(str(key)), parts + 1)
    elif isinstance(value, (list, tuple, set, frozenset)):
        for each in value:
            size, parts = measure_more(each, size, parts)
    return size, parts
