"""The JSON Schema (2020-12) that every template passes; docs/template.schema.json is its text."""

from __future__ import annotations

import json

from vidi.inference.models.prices.schema import (
    CONFIDENCE,
    DAY_OR_MONTH,
    POSITIVE,
    TEXT,
    Schema,
    price_definitions,
)
from vidi.inference.models.template import BY_NAME, OutputType

FILE_KINDS = ["image", "video", "audio", "file"]
TYPES = ["string", "integer", "number", "boolean", "array", "object"]
_PARAM: Schema = {"$ref": "#/$defs/param"}
_COUNT: Schema = {"type": "integer", "minimum": 0}
_FIELDS: Schema = {"type": "object", "additionalProperties": _PARAM}
_VERSION: Schema = {"type": "string", "pattern": "^[0-9a-f]{64}$"}
_REQUIRED: Schema = {"type": "array", "items": TEXT, "uniqueItems": True}


def param_schema() -> Schema:
    """What the schema of one param may say: a part of JSON Schema, and our own `x-` keys."""
    return {
        "type": "object",
        "properties": {
            "type": {
                "anyOf": [
                    {"enum": TYPES},
                    {"type": "array", "items": {"enum": TYPES}, "minItems": 1},
                ]
            },
            "title": {"type": "string"},
            "description": {"type": "string"},
            "default": True,
            "enum": {"type": "array", "minItems": 1},
            "const": True,
            "minimum": {"type": "number"},
            "maximum": {"type": "number"},
            "exclusiveMinimum": {"type": "number"},
            "exclusiveMaximum": {"type": "number"},
            "multipleOf": {"type": "number", "exclusiveMinimum": 0},
            "minLength": _COUNT,
            "maxLength": _COUNT,
            "pattern": {"type": "string", "format": "regex"},
            "minItems": _COUNT,
            "maxItems": _COUNT,
            "items": _PARAM,
            "properties": _FIELDS,
            "required": _REQUIRED,
            "additionalProperties": {"type": "boolean"},
            "x-complete": {"const": False},
            "anyOf": {"type": "array", "minItems": 1, "items": _PARAM},
            "deprecated": {"type": "boolean"},
            "x-file": {"enum": FILE_KINDS},
            "x-file-as": {"const": "url"},
            "x-file-or-id": {"const": True},
            "x-twin": TEXT,
            "x-legacy": {"const": True},
            "x-secret": {"const": True},
            "x-suggested": {"type": "array", "minItems": 1},
            "x-order": {"type": "integer"},
            "x-refused": TEXT,
            "x-enum-open": {"const": True},
        },
        "additionalProperties": False,
    }


def params_schema() -> Schema:
    """The params as a whole: an object that knows all its fields."""
    return {
        "type": "object",
        "properties": {
            "type": {"const": "object"},
            "properties": _FIELDS,
            "required": _REQUIRED,
            "additionalProperties": {"const": False},
        },
        "required": ["type", "properties", "additionalProperties"],
        "additionalProperties": False,
    }


def _of_both(value: Schema) -> Schema:
    """Something said of the params and of the prices."""
    return {
        "type": "object",
        "properties": {"params": value, "pricing": value},
        "required": ["params"],
        "additionalProperties": False,
    }


def call_schema() -> Schema:
    """How Replicate runs the model: by name, by a version, or as a deployment."""
    return {
        "type": "object",
        "properties": {
            "official": {"const": True},
            "version": _VERSION,
            "deployment": {"type": "string", "pattern": r"^[\w.-]+/[\w.-]+$"},
            "before": {
                "type": "array",
                "minItems": 1,
                "uniqueItems": True,
                "items": {"anyOf": [_VERSION, {"const": BY_NAME}]},
            },
        },
        "oneOf": [{"required": [key]} for key in ("official", "version", "deployment")],
        "additionalProperties": False,
    }


def billing_schema() -> Schema:
    """The base price of fal, in the units of which it bills."""
    return {
        "type": "object",
        "properties": {
            "unit": TEXT,
            "unit_usd": POSITIVE,
            "as_of": DAY_OR_MONTH,
            "source": TEXT,
        },
        "required": ["unit", "unit_usd", "as_of", "source"],
        "additionalProperties": False,
    }


_ID = (
    r"(replicate/(deployments/)?[\w.-]+/[\w.-]+|replicate/[\w.-]+/[\w.-]+:[0-9a-f]{64}"
    r"|(?!replicate/)[a-z][\w-]*(/[\w.-]+)+)"
)
_IDS: Schema = {
    "type": "array",
    "minItems": 1,
    "uniqueItems": True,
    "items": {"type": "string", "pattern": f"^{_ID}$"},
}

TEMPLATE_SCHEMA: Schema = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "title": "vidi model template",
    "description": "One hosted model: its inputs, its outputs and its prices.",
    "type": "object",
    "properties": {
        "$schema": {"type": "string"},
        "id": {
            "type": "string",
            "pattern": f"^{_ID}$",
        },
        "title": TEXT,
        "category": TEXT,
        "output_type": {"enum": [kind.value for kind in OutputType]},
        "output": TEXT,
        "call": call_schema(),
        "params": {"$ref": "#/$defs/params"},
        "params_complete": {"const": False},
        "pricing": {"$ref": "#/$defs/pricing"},
        "billing": billing_schema(),
        "example": {"type": "object"},
        "timeout_s": {"type": "integer", "minimum": 1},
        "retired": TEXT,
        "replaced_by": _IDS,
        "aliases": _IDS,
        "version": TEXT,
        "schema_version": TEXT,
        "sources": {"type": "array", "minItems": 1, "items": TEXT},
        "as_of": _of_both(DAY_OR_MONTH),
        "confidence": _of_both(CONFIDENCE),
        "page": {"type": "string", "pattern": "^https://"},
        "notes": {"type": "string"},
    },
    "required": [
        "id",
        "title",
        "category",
        "output_type",
        "output",
        "params",
        "pricing",
        "example",
        "timeout_s",
        "sources",
        "as_of",
        "confidence",
        "page",
    ],
    "additionalProperties": False,
    "$defs": {"params": params_schema(), "param": param_schema(), **price_definitions()},
}


def template_schema_text() -> str:
    """The text of docs/template.schema.json."""
    return json.dumps(TEMPLATE_SCHEMA, indent=2, ensure_ascii=False) + "\n"
