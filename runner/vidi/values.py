"""Values that are made by the ten thousand: frozen for type checkers, and as fast as any class.

A frozen dataclass sets each field by a call of its own: a request of 22 fields takes 9.5 µs that
way and 1.4 µs this way (Python 3.11), which was a fifth of an estimate of 10,000.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeVar, dataclass_transform

T = TypeVar("T")


@dataclass_transform(frozen_default=True, field_specifiers=(field,))
def value(kind: type[T]) -> type[T]:
    """A dataclass whose fields nobody sets again: mypy sees to it, and nothing at run time."""
    return dataclass(slots=True, unsafe_hash=True)(kind)
