"""Template values as plain JSON values: exact decimals become numbers."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import TYPE_CHECKING

from vidi.inference.models.money import json_number

if TYPE_CHECKING:
    from vidi.sandbox.json_values import Json


def plain_json(value: Json) -> Json:
    """The same value without a Decimal in it."""
    if isinstance(value, Decimal):
        return json_number(value)
    if isinstance(value, Mapping):
        return {name: plain_json(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [plain_json(each) for each in value]
    return value
