"""The params part of a template, as template_schema.py has checked it."""

from __future__ import annotations

from decimal import Decimal
from typing import TypedDict

from vidi.json_values import Json

Number = int | float | Decimal
"""A bound as JSON has it: from a template a Decimal, made ready for the validator a float."""

ParamSchema = TypedDict(
    "ParamSchema",
    {
        "type": str | list[str],
        "title": str,
        "description": str,
        "default": Json,
        "enum": list[Json],
        "const": Json,
        "minimum": Number,
        "maximum": Number,
        "exclusiveMinimum": Number,
        "exclusiveMaximum": Number,
        "multipleOf": Number,
        "minLength": int,
        "maxLength": int,
        "pattern": str,
        "minItems": int,
        "maxItems": int,
        "items": "ParamSchema",
        "properties": "dict[str, ParamSchema]",
        "required": list[str],
        "additionalProperties": bool,
        "anyOf": "list[ParamSchema]",
        "deprecated": bool,
        "x-file": str,
        "x-file-as": str,
        "x-file-or-id": bool,
        "x-twin": str,
        "x-complete": bool,
        "x-legacy": bool,
        "x-secret": bool,
        "x-suggested": list[Json],
        "x-order": int,
        "x-refused": str,
        "x-enum-open": bool,
    },
    total=False,
)
"""The JSON Schema of one param, or of all the params of a model as one object."""
