"""A template as the OpenAPI schema that cog, Replicate's packer of models, writes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vidi.json_values import as_object
from vidi.sandbox.answers.answers import read_notation
from vidi.sandbox.answers.plain import plain_json, without_marks

if TYPE_CHECKING:
    from collections.abc import Mapping

    from vidi.inference.models.template import ModelInfo
    from vidi.sandbox.answers.answers import Slot

_URI = {"type": "string", "format": "uri"}


def describe_model(model: ModelInfo) -> dict[str, object]:
    """OpenAPI 3.0.2 with `Input`, `Output` and a schema for each enum."""
    properties, enums = {}, {}
    for order, (name, schema) in enumerate(model.params["properties"].items()):
        if schema.get("x-legacy"):
            continue
        plain = as_object(plain_json(schema))
        if "enum" in plain:
            enums[name] = _enum(name, plain)
        properties[name] = _property(name, plain) | {"x-order": plain.get("x-order", order)}
    given = {"type": "object", "title": "Input", "properties": properties}
    required = list(model.params.get("required", ()))
    schemas = {"Input": given | ({"required": required} if required else {}), **enums}
    return {
        "openapi": "3.0.2",
        "info": {"title": "Cog", "version": "0.1.0"},
        "paths": {},
        "components": {"schemas": schemas | {"Output": _output(model)}},
    }


def _property(name: str, schema: Mapping[str, object]) -> dict[str, object]:
    shown: dict[str, object] = {"title": name.replace("_", " ").title()}
    if "enum" in schema:
        kept = {key: schema[key] for key in ("default", "description") if key in schema}
        return {"allOf": [{"$ref": f"#/components/schemas/{name}"}], **kept}
    secret = {"format": "password", "writeOnly": True, "x-cog-secret": True}
    shown |= as_object(without_marks(schema))
    return shown | secret if "x-secret" in schema else shown


def _enum(name: str, schema: Mapping[str, object]) -> dict[str, object]:
    return {
        "type": schema.get("type", "string"),
        "enum": schema["enum"],
        "title": name,
        "description": "An enumeration.",
    }


def _output(model: ModelInfo) -> dict[str, object]:
    slots = read_notation(model.output)
    first = slots[0]
    if len(first.path) > 1 or len(slots) > 1:
        fields = {slot.field: _value(slot) for slot in slots if slot.field}
        return {"title": "Output", "type": "object", "properties": fields}
    return {"title": "Output", **_value(first)}


def _value(slot: Slot) -> dict[str, object]:
    match slot.leaf:
        case "chunks":
            return {
                "type": "array",
                "items": {"type": "string"},
                "x-cog-array-type": "iterator",
                "x-cog-array-display": "concatenate",
            }
        case "text":
            return {"type": "string"}
        case "json":
            return {"type": "object"}
        case _:
            return {"type": "array", "items": dict(_URI)} if slot.many else dict(_URI)
