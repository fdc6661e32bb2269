"""What JSON holds: names for its values, and two ways to look into what came from outside."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from decimal import Decimal

Json: TypeAlias = "bool | int | float | Decimal | str | list[Json] | dict[str, Json] | None"
"""A value as a JSON text gives it; numbers with a point are Decimals where money may be in it."""

JsonObject: TypeAlias = dict[str, Json]
"""A JSON object."""

JsonMapping: TypeAlias = Mapping[str, Json]
"""A JSON object that is only read."""


def as_object(value: object) -> JsonObject:
    """The JSON object that a value is; an empty one where it is something else."""
    return value if isinstance(value, dict) else {}


def as_list(value: object) -> list[Json]:
    """The JSON list that a value is; an empty one where it is something else."""
    return value if isinstance(value, list) else []
