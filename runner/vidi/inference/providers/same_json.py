"""Exact equality of two JSON values, by which an inference in doubt is recognised."""

from __future__ import annotations

from collections.abc import Mapping


def is_same_json(one: object, other: object) -> bool:
    """Whether two values are the same JSON: `1` is `1.0`, but `1` is not `true`."""
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        return one.keys() == other.keys() and all(is_same_json(one[k], other[k]) for k in one)
    if isinstance(one, list | tuple) and isinstance(other, list | tuple):
        pairs = zip(one, other, strict=False)
        return len(one) == len(other) and all(is_same_json(a, b) for a, b in pairs)
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    return bool(one == other)
