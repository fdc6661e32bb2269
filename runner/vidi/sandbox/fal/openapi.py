"""A template as the OpenAPI document of fal's queue."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from vidi.json_values import as_object
from vidi.sandbox.answers.answers import read_notation
from vidi.sandbox.answers.plain import plain_json, without_marks

if TYPE_CHECKING:
    from vidi.inference.models.param_schema import ParamSchema
    from vidi.inference.models.template import ModelInfo
    from vidi.sandbox.answers.answers import Slot


def describe_endpoint(model: ModelInfo) -> dict[str, object]:
    """OpenAPI 3.0.4 with the submit and the result, and the schemas of both."""
    name = "".join(word.title() for word in re.findall(r"[A-Za-z0-9]+", model.name))
    given, made = f"{name}Input", f"{name}Output"
    return {
        "openapi": "3.0.4",
        "info": {
            "title": f"Queue OpenAPI for {model.name}",
            "version": "1.0.0",
            "x-fal-metadata": {"endpointId": model.name, "category": model.category},
        },
        "servers": [{"url": "https://queue.fal.run"}],
        "paths": {
            f"/{model.name}": {"post": _submit(given)},
            f"/{model.name}/requests/{{request_id}}": {"get": _result(made)},
        },
        "components": {
            "schemas": {
                given: _input(model, given),
                made: _output(model, made),
                "QueueStatus": {"type": "object", "properties": {"status": {"type": "string"}}},
            }
        },
    }


def _submit(schema: str) -> dict[str, object]:
    answer = _content("QueueStatus") | {"description": "The request status."}
    return {
        "requestBody": {"required": True, **_content(schema)},
        "responses": {"200": answer},
    }


def _result(schema: str) -> dict[str, object]:
    answer = _content(schema) | {"description": "Result of the request."}
    return {"responses": {"200": answer}}


def _content(schema: str) -> dict[str, object]:
    pointer = {"$ref": f"#/components/schemas/{schema}"}
    return {"content": {"application/json": {"schema": pointer}}}


def _input(model: ModelInfo, title: str) -> dict[str, object]:
    properties = {
        name: schema
        for name, schema in model.params["properties"].items()
        if not schema.get("x-legacy")
    }
    return {
        "title": title,
        "type": "object",
        "x-fal-order-properties": list(properties),
        "properties": {name: _property(name, schema) for name, schema in properties.items()},
        "required": list(model.params.get("required", ())),
    }


def _property(name: str, schema: ParamSchema) -> dict[str, object]:
    shown: dict[str, object] = {**as_object(without_marks(plain_json(schema)))}
    if "x-suggested" in schema:
        shown["examples"] = schema["x-suggested"]
    return {"title": name.replace("_", " ").title(), **shown}


def _output(model: ModelInfo, title: str) -> dict[str, object]:
    slots = read_notation(model.output)
    properties = {slot.path[0][0]: _value(slot) for slot in slots}
    return {
        "title": title,
        "type": "object",
        "x-fal-order-properties": list(properties),
        "properties": properties,
        "required": list(properties),
    }


def _value(slot: Slot) -> dict[str, object]:
    file: dict[str, object] = {
        "title": "File",
        "type": "object",
        "properties": {"url": {"type": "string"}, "content_type": {"type": "string"}},
        "required": ["url"],
    }
    plain: dict[str, dict[str, object]] = {
        "file": file, "url": {"type": "string"}, "text": {"type": "string"},
        "chunks": {"type": "string"}, "json": {"type": "object"},
    }  # fmt: skip
    return _along(slot.path, plain[slot.leaf])


def _along(path: tuple[tuple[str, bool], ...], leaf: dict[str, object]) -> dict[str, object]:
    """The schema of a place's outermost field: objects and lists down to the leaf."""
    (_, many), *inner = path
    if inner:
        leaf = {"type": "object", "properties": {inner[0][0]: _along(tuple(inner), leaf)}}
    return {"type": "array", "items": leaf} if many else leaf
