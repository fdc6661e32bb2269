"""A provider's input schema as the `params` of a template."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import TYPE_CHECKING, Literal, get_args

import jsonschema_rs

from vidi.inference.models.discovery.discovery import DocumentError
from vidi.inference.models.discovery.file_params import file_kind
from vidi.inference.models.discovery.words import one_line
from vidi.inference.models.template_schema import TYPES
from vidi.json_values import as_list, as_object

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from vidi.inference.models.param_schema import ParamSchema
    from vidi.json_values import Json, JsonMapping, JsonObject


Bound = Literal["minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"]
Count = Literal["minLength", "maxLength", "minItems", "maxItems"]

BOUNDS: tuple[Bound, ...] = get_args(Bound)
COUNTS: tuple[Count, ...] = get_args(Count)
LEAST_SUGGESTIONS = 3
"""Fewer examples of a text are samples of it, not a list to choose from."""

REFUSED = "the provider then stores no result, so what was paid for could not be fetched again"
_SECRET = re.compile(r"(api_key|api_token|hf_token|password)$")


def build_params(
    properties: Mapping[str, JsonObject], required: Json, order: Sequence[str]
) -> ParamSchema:
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
            name: {**build_param(name, properties[name]), "x-order": at}
            for at, name in enumerate(names)
        },
        "required": [name for name in names if name in as_list(required)],
        "additionalProperties": False,
    }


def build_param(name: str, schema: JsonMapping) -> ParamSchema:
    """One input, with the marks of templates."""
    description = one_line(schema.get("description")) or one_line(schema.get("title"))
    built: ParamSchema = {"description": description} if description else {}
    built |= _build_value(name, schema)
    if "default" in schema and _may_be_default(schema["default"], built):
        built["default"] = schema["default"]
    if schema.get("deprecated") is True:
        built["deprecated"] = True
    built |= _marks(name, schema, built)
    return built


def _build_value(name: str, schema: JsonMapping) -> ParamSchema:
    """What the value may be, without what is said about it."""
    if isinstance(schema.get("anyOf"), list):
        return {"anyOf": [_build_value(name, as_object(each)) for each in as_list(schema["anyOf"])]}
    built = _type_of(schema)
    if choices := _unique(as_list(schema.get("enum"))):
        built["enum"] = choices
    if "const" in schema:
        built["const"] = schema["const"]
    built |= _limits_of(schema)
    if isinstance(schema.get("items"), dict) and built.get("type") == "array":
        built["items"] = _build_value(name, as_object(schema["items"]))
    if isinstance(schema.get("properties"), dict) and built.get("type") == "object":
        built |= _build_object(schema)
    if kind := file_kind(name, schema):
        built["x-file"] = kind
    return built


def _limits_of(schema: JsonMapping) -> ParamSchema:
    """The bounds of numbers, and how long or how many."""
    limits: ParamSchema = {}
    for bound in BOUNDS:
        value = schema.get(bound)
        if isinstance(value, int | Decimal) and not isinstance(value, bool):
            limits[bound] = value
    for count in COUNTS:
        value = schema.get(count)
        if isinstance(value, int):
            limits[count] = value
    return limits


def _build_object(schema: JsonMapping) -> ParamSchema:
    properties = as_object(schema["properties"])
    fields = {name: build_param(name, as_object(each)) for name, each in properties.items()}
    required = [name for name in fields if name in as_list(schema.get("required"))]
    return {"properties": fields, "required": required} if required else {"properties": fields}


def _type_of(schema: JsonMapping) -> ParamSchema:
    kinds = schema.get("type")
    if kinds is None and "properties" in schema:
        kinds = "object"
    given = kinds if isinstance(kinds, list) else [kinds]
    known = [kind for kind in given if isinstance(kind, str) and kind in TYPES]
    if not known:
        return {}
    return {"type": known[0] if len(known) == 1 else known}


def _marks(name: str, schema: JsonMapping, built: ParamSchema) -> ParamSchema:
    marks: ParamSchema = {}
    secret = schema.get("x-cog-secret") or schema.get("format") == "password"
    if secret or _SECRET.search(name):
        marks["x-secret"] = True
    if name == "sync_mode" and built.get("type") == "boolean":
        marks["x-refused"] = REFUSED
    examples = as_list(schema.get("examples"))
    is_open_text = built.get("type") == "string" and not {"enum", "x-file"} & set(built)
    if is_open_text and len(examples) >= LEAST_SUGGESTIONS:
        marks["x-suggested"] = _unique(examples)
    return marks


def _may_be_default(value: Json, built: ParamSchema) -> bool:
    is_file = "x-file" in built or "x-file" in built.get("items", {})
    try:
        return not (is_file and value in ("", [])) and jsonschema_rs.is_valid(dict(built), value)
    except ValueError:  # bounds that no schema may have: the template's own check says so
        return False


def _unique(values: Sequence[Json]) -> list[Json]:
    """Without null, which is the same as not given, and without doubles (1 is not True)."""
    found = {(type(value), str(value)): value for value in values if value is not None}
    return list(found.values())
