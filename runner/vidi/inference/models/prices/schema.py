"""The JSON Schema of the price language. docs/prices.md says what each form means."""

from __future__ import annotations

from vidi.inference.models.prices.conditions import COMPARISONS
from vidi.inference.models.prices.quantities.quantity import FORMS
from vidi.inference.models.prices.rates import UNITS

Schema = dict[str, object]

EXPR: Schema = {"$ref": "#/$defs/quantity"}
COND: Schema = {"$ref": "#/$defs/condition"}
NUMBER: Schema = {"type": "number", "minimum": 0}
POSITIVE: Schema = {"type": "number", "exclusiveMinimum": 0}
TEXT: Schema = {"type": "string", "minLength": 1}
NAMES: Schema = {"type": ["string", "array"], "minLength": 1, "minItems": 1, "items": TEXT}

_DAY = r"\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])"
DAY: Schema = {"type": "string", "pattern": f"^{_DAY}$"}
DAY_OR_MONTH: Schema = {"type": "string", "pattern": rf"^({_DAY}|\d{{4}}-(0[1-9]|1[0-2]))$"}
CONFIDENCE: Schema = {"enum": ["high", "medium", "low"]}

_NOTHING: Schema = {"type": "object", "maxProperties": 0}
_SIZE_NAMES: Schema = {"anyOf": [_NOTHING, NAMES]}
_PAIR: Schema = {"type": "array", "minItems": 2, "maxItems": 2, "items": EXPR}
_SEVERAL: Schema = {"type": "array", "minItems": 1, "items": EXPR}
_END: Schema = {"anyOf": [{"type": "null"}, EXPR]}
_EACH: Schema = {"each": {"const": "up"}, "px": POSITIVE}
_FILE: Schema = {"low": NUMBER, "high": NUMBER, "why": TEXT, "else": EXPR}

_CASE: Schema = {
    "type": "object",
    "properties": {"when": COND, "value": EXPR},
    "required": ["when", "value"],
    "additionalProperties": False,
}

FORM_SCHEMAS: dict[str, Schema] = {
    "param": {"param": TEXT, "else": EXPR},
    "seconds": {"seconds": TEXT, "else": EXPR},
    "outputs": {"outputs": EXPR},
    "count": {"count": NAMES},
    "characters": {"characters": NAMES},
    "tokens": {"tokens": NAMES},
    "length": {"length": NAMES, **_FILE},
    "frames": {"frames": NAMES, **_FILE},
    "fps": {"fps": NAMES, **_FILE},
    "width": {"width": NAMES, **_FILE},
    "height": {"height": NAMES, **_FILE},
    "megapixels": {"megapixels": NAMES, **_FILE, **_EACH},
    "pages": {"pages": NAMES, **_FILE},
    "output_megapixels": {"output_megapixels": _SIZE_NAMES, "else": EXPR, **_EACH},
    "output_width": {"output_width": _SIZE_NAMES, "else": EXPR},
    "output_height": {"output_height": _SIZE_NAMES, "else": EXPR},
    "metric": {
        "metric": TEXT,
        "low": EXPR,
        "high": {"anyOf": [{"type": "null"}, {"const": "timeout"}, EXPR]},
        "why": TEXT,
    },
    "fact": {"fact": {"type": "string", "pattern": "^@[a-z_0-9]+$"}},
    "cases": {"cases": {"type": "array", "minItems": 1, "items": _CASE}, "else": EXPR},
    "range": {
        "range": {"type": "array", "prefixItems": [EXPR, _END], "minItems": 2, "maxItems": 2},
        "why": TEXT,
    },
    "sum": {"sum": _SEVERAL},
    "product": {"product": _SEVERAL},
    "max": {"max": _SEVERAL},
    "min": {"min": _SEVERAL},
    "quotient": {"quotient": _PAIR},
    "minus": {"minus": _PAIR},
    "up": {"up": EXPR, "to": POSITIVE},
    "nearest": {"nearest": EXPR, "to": POSITIVE},
    "down": {"down": EXPR, "to": POSITIVE},
}
"""What stands beside the key that names each form of a quantity."""


def quantity_schema() -> Schema:
    """EXPR: a number, or an object with exactly one form in it."""
    return {
        "description": "A quantity: a number, or an object with one form (docs/prices.md).",
        "type": ["number", "object"],
        "minimum": 0,
        "if": {"type": "object"},
        "then": {
            "oneOf": [{"required": [form]} for form in FORMS],
            "allOf": [_when_form(form) for form in FORMS],
        },
    }


def _when_form(form: str) -> Schema:
    needs_why = ["why"] if form == "range" else []
    return {
        "if": {"required": [form]},
        "then": {
            "properties": FORM_SCHEMAS[form],
            "required": [form, *needs_why],
            "additionalProperties": False,
        },
    }


def condition_schema() -> Schema:
    """COND: every entry must hold."""
    bounds: Schema = {op: {"type": "number"} for op in COMPARISONS}
    conditions: Schema = {"type": "array", "minItems": 1, "items": COND}
    return {
        "description": "A condition: all its entries must hold (docs/prices.md).",
        "type": "object",
        "minProperties": 1,
        "properties": {
            "@any_of_present": {"type": "array", "minItems": 1, "items": TEXT},
            "@any": conditions,
            "@all": conditions,
            "@not": COND,
            "@compare": {
                "type": "object",
                "properties": {"of": EXPR, **bounds},
                "required": ["of"],
                "minProperties": 2,
                "additionalProperties": False,
            },
        },
        "additionalProperties": {
            "type": ["string", "number", "boolean", "null", "array", "object"],
            "minItems": 1,
            "items": {"type": ["string", "number", "boolean"]},
            "minProperties": 1,
            "properties": bounds,
            "additionalProperties": False,
        },
    }


def rate_schema() -> Schema:
    """RATE: one price, with the unit in its key."""
    return {
        "type": "object",
        "properties": {
            "when": COND,
            "first": NUMBER,
            "low": NUMBER,
            "why": TEXT,
            **dict.fromkeys(UNITS, NUMBER),
        },
        "dependentRequired": {"low": ["why"]},
        "oneOf": [{"required": [unit]} for unit in UNITS],
        "additionalProperties": False,
    }


def multiplier_schema() -> Schema:
    """A factor of a line, or a quantity that is one."""
    return {
        "type": "object",
        "properties": {"when": COND, "factor": NUMBER, "by": EXPR},
        "oneOf": [{"required": ["factor"]}, {"required": ["by"]}],
        "additionalProperties": False,
    }


def line_schema() -> Schema:
    """LINE: a quantity at a rate, or the reason why it has no price."""
    rounding: Schema = {
        "type": "object",
        "properties": {"mode": {"enum": ["up", "nearest", "down"]}, "to": POSITIVE},
        "required": ["mode"],
        "additionalProperties": False,
    }
    return {
        "type": "object",
        "properties": {
            "label": TEXT,
            "when": COND,
            "quantity": EXPR,
            "round": rounding,
            "minimum": NUMBER,
            "rates": {"type": "array", "minItems": 1, "items": {"$ref": "#/$defs/rate"}},
            "multipliers": {"type": "array", "items": {"$ref": "#/$defs/multiplier"}},
            "metered_by": TEXT,
            "unpriced": TEXT,
        },
        "required": ["label"],
        "oneOf": [{"required": ["rates"]}, {"required": ["unpriced"]}],
        "additionalProperties": False,
    }


def witness_schema() -> Schema:
    """WITNESS: a second reading of the price, by another source."""
    return {
        "type": "object",
        "properties": {
            "source": TEXT,
            "as_of": DAY_OR_MONTH,
            "says": {
                "type": "object",
                "properties": {"when": COND, **dict.fromkeys(UNITS, NUMBER)},
                "oneOf": [{"required": [unit]} for unit in UNITS],
                "additionalProperties": False,
            },
        },
        "required": ["source", "as_of", "says"],
        "additionalProperties": False,
    }


def row_schema() -> Schema:
    """ROW: the prices from a day on, with their source."""
    return {
        "type": "object",
        "properties": {
            "from": DAY_OR_MONTH,
            "until": DAY,
            "source": TEXT,
            "checked": DAY_OR_MONTH,
            "via": TEXT,
            "confidence": CONFIDENCE,
            "witness": witness_schema(),
            "where": {
                "type": "object",
                "propertyNames": {"pattern": "^@[a-z_0-9]+$"},
                "additionalProperties": EXPR,
            },
            "lines": {"type": "array", "minItems": 1, "items": {"$ref": "#/$defs/line"}},
            "minimum_usd": NUMBER,
            "typical_usd": NUMBER,
            "round_total_up_to_usd": POSITIVE,
            "unpriced": TEXT,
        },
        "required": ["from", "source"],
        "oneOf": [{"required": ["lines"]}, {"required": ["unpriced"]}],
        "additionalProperties": False,
    }


def price_definitions() -> dict[str, Schema]:
    """The `$defs` of the price language."""
    return {
        "quantity": quantity_schema(),
        "condition": condition_schema(),
        "rate": rate_schema(),
        "multiplier": multiplier_schema(),
        "line": line_schema(),
        "row": row_schema(),
        "pricing": {
            "type": "object",
            "properties": {
                "rows": {"type": "array", "items": {"$ref": "#/$defs/row"}},
                "notes": {"type": "string"},
            },
            "required": ["rows"],
            "additionalProperties": False,
        },
    }
