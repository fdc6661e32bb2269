"""A provider's input schema as the `params` of a template."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import jsonschema_rs

from vidi.inference.models.discovery.discovery import DocumentError
from vidi.inference.models.discovery.file_params import file_kind
from vidi.inference.models.discovery.words import one_line
from vidi.inference.models.template_schema import TYPES

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    Json = Any
    Schema = Mapping[str, Json]

BOUNDS = ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf")
COUNTS = ("minLength", "maxLength", "minItems", "maxItems")
LEAST_SUGGESTIONS = 3
"""Fewer examples of a text are samples of it, not a list to choose from."""

REFUSED = "the provider then stores no result, so what was paid for could not be fetched again"
_SECRET = re.compile(r"(api_key|api_token|hf_token|password)$")


def build_params(properties: Schema, required: Json, order: Sequence[str]) -> dict[str, Json]:
    """The params of a template.

    Args:
        properties: Each input's flattened schema.
        required: The names that must be given, as the document says it.
        order: The names in the order for people; those that it lacks come last.

    Raises:
        DocumentError: There are no properties.
    """
    if not properties:
        raise DocumentError("the schema has no inputs")
    if strange := [name for name in properties if not name.isprintable() or not name.strip()]:
        raise DocumentError(f"the schema has an input with the name {strange[0]!r}")
    names = [name for name in dict.fromkeys([*order, *properties]) if name in properties]
    return {
        "type": "object",
        "properties": {
            name: build_param(name, properties[name]) | {"x-order": at}
            for at, name in enumerate(names)
        },
        "required": [name for name in names if isinstance(required, list) and name in required],
        "additionalProperties": False,
    }


def build_param(name: str, schema: Schema) -> dict[str, Json]:
    """One input, with the marks of templates."""
    description = one_line(schema.get("description")) or one_line(schema.get("title"))
    built: dict[str, Json] = {"description": description} if description else {}
    built |= _build_value(name, schema)
    if "default" in schema and _may_be_default(schema["default"], built):
        built["default"] = schema["default"]
    if schema.get("deprecated") is True:
        built["deprecated"] = True
    return built | _marks(name, schema, built)


def _build_value(name: str, schema: Schema) -> dict[str, Json]:
    """What the value may be, without what is said about it."""
    if isinstance(schema.get("anyOf"), list):
        return {"anyOf": [_build_value(name, each) for each in schema["anyOf"]]}
    built = _type_of(schema)
    if isinstance(schema.get("enum"), list) and (choices := _unique(schema["enum"])):
        built["enum"] = choices
    if "const" in schema:
        built["const"] = schema["const"]
    built |= {key: schema[key] for key in BOUNDS if _is_number(schema.get(key))}
    built |= {key: schema[key] for key in COUNTS if isinstance(schema.get(key), int)}
    if isinstance(schema.get("items"), dict) and built.get("type") == "array":
        built["items"] = _build_value(name, schema["items"])
    if isinstance(schema.get("properties"), dict) and built.get("type") == "object":
        built |= _build_object(schema)
    kind = file_kind(name, schema)
    return built | ({"x-file": kind} if kind else {})


def _build_object(schema: Schema) -> dict[str, Json]:
    fields = {name: build_param(name, each) for name, each in schema["properties"].items()}
    names = schema.get("required")
    required = [name for name in fields if isinstance(names, list) and name in names]
    return {"properties": fields} | ({"required": required} if required else {})


def _type_of(schema: Schema) -> dict[str, Json]:
    kinds = schema.get("type")
    if kinds is None and "properties" in schema:
        kinds = "object"
    given = kinds if isinstance(kinds, list) else [kinds]
    known = [kind for kind in given if kind in TYPES]
    if not known:
        return {}
    return {"type": known[0] if len(known) == 1 else known}


def _marks(name: str, schema: Schema, built: Schema) -> dict[str, Json]:
    marks: dict[str, Json] = {}
    secret = schema.get("x-cog-secret") or schema.get("format") == "password"
    if secret or _SECRET.search(name):
        marks["x-secret"] = True
    if name == "sync_mode" and built.get("type") == "boolean":
        marks["x-refused"] = REFUSED
    examples = schema.get("examples")
    is_open_text = built.get("type") == "string" and not {"enum", "x-file"} & set(built)
    if is_open_text and isinstance(examples, list) and len(examples) >= LEAST_SUGGESTIONS:
        marks["x-suggested"] = _unique(examples)
    return marks


def _may_be_default(value: Json, built: Schema) -> bool:
    is_file = "x-file" in built or "x-file" in built.get("items", {})
    try:
        return not (is_file and value in ("", [])) and jsonschema_rs.is_valid(dict(built), value)
    except ValueError:  # bounds that no schema may have: the template's own check says so
        return False


def _unique(values: Sequence[Json]) -> list[Json]:
    """Without null, which is the same as not given, and without doubles (1 is not True)."""
    found = {(type(value), str(value)): value for value in values if value is not None}
    return list(found.values())


def _is_number(value: Json) -> bool:
    return isinstance(value, int | Decimal) and not isinstance(value, bool)
