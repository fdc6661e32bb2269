"""Template values as plain JSON values: exact decimals become numbers."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from vidi.inference.models.prices.money import json_number


def plain_json(value: object) -> object:
    """The same value without a Decimal in it."""
    if isinstance(value, Decimal):
        return json_number(value)
    if isinstance(value, Mapping):
        return {name: plain_json(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [plain_json(each) for each in value]
    return value


def without_marks(schema: object) -> object:
    """A param's schema as a provider shows it: files are `format: uri`, our own `x-` keys go."""
    if isinstance(schema, list):
        return [without_marks(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    shown = {key: without_marks(each) for key, each in schema.items() if not key.startswith("x-")}
    return shown | ({"format": "uri"} if "x-file" in schema else {})
