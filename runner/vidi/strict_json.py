"""JSON that every reader takes: no bare NaN, and no character that some take for a line end."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from decimal import Decimal
from functools import lru_cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

_LINE_ENDS = {"\u0085": "\\u0085", "\u2028": "\\u2028", "\u2029": "\\u2029"}
"""What `str.splitlines` splits at and JSON leaves as it is; the others are escaped anyway."""
_MOST_DIGITS = 308
"""No float is larger; digits beyond are no number that a reader could hold."""


def write_json(
    value: object, plain: Callable[[object], object], *, indent: int | None = None
) -> str:
    """Write a value as JSON; a number that JSON has no form for becomes the text of its name.

    Args:
        value: Mappings, sequences, texts, numbers, and what `plain` knows.
        plain: Makes a JSON value of anything else.
        indent: Spaces for each level; None for one line.
    """
    try:
        text = _dump(value, plain, indent)
    except ValueError:  # rare, so the value is looked through only then
        text = _dump(_name_odd_numbers(value), plain, indent)
    for character, escaped in _LINE_ENDS.items():
        text = text.replace(character, escaped)
    return text


def _dump(value: object, plain: Callable[[object], object], indent: int | None) -> str:
    return _encoder(plain, indent).encode(value)


@lru_cache(maxsize=16)
def _encoder(plain: Callable[[object], object], indent: int | None) -> json.JSONEncoder:
    """An encoder, made once: a journal writes thousands of lines."""
    return json.JSONEncoder(
        ensure_ascii=False,
        allow_nan=False,
        check_circular=False,  # a mark for each container, and what is written is made by us
        indent=indent,
        separators=(",", ":") if indent is None else None,
        default=plain,
    )


def _name_odd_numbers(value: object) -> object:
    if isinstance(value, Mapping):
        return {key: _name_odd_numbers(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_name_odd_numbers(each) for each in value]
    if isinstance(value, float) and not math.isfinite(value):
        return {math.inf: "Infinity", -math.inf: "-Infinity"}.get(value, "NaN")
    if isinstance(value, Decimal) and not (value.is_finite() and value.adjusted() <= _MOST_DIGITS):
        return str(value)
    return value


def mend_texts(value: Any) -> Any:
    """The same value with `?` for each half of a surrogate pair, which no UTF-8 can hold."""
    if isinstance(value, str):
        return value.encode(errors="replace").decode()
    if isinstance(value, Mapping):
        return {mend_texts(key): mend_texts(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [mend_texts(each) for each in value]
    return value
