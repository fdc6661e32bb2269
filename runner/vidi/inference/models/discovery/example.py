"""The smallest input of a model that makes sense: what must be given, and nothing else."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from vidi.inference.models.param_schema import ParamSchema
    from vidi.json_values import Json, JsonMapping, JsonObject


FILES = {
    "image": "./input.png",
    "video": "./input.mp4",
    "audio": "./input.mp3",
    "file": "./input.pdf",
}
SAY = "A paper boat drifts down a rainy street."
SHOW = "a lighthouse on a rocky coast at dusk, soft light"
MOST = 10_000
"""Items or characters of an example, whatever the schema asks for."""
_SPOKEN = re.compile(r"text|speech|script|lyrics")


def build_example(params: ParamSchema, raw: Mapping[str, JsonObject]) -> JsonObject:
    """A value for each required param.

    Args:
        params: The params of the template.
        raw: The provider's schemas by name, whose `examples` are used where ours would not fit.
    """
    properties = params["properties"]
    return {
        name: example_of(name, properties[name], raw.get(name, {}))
        for name in params.get("required", ())
    }


def example_of(name: str, schema: ParamSchema, raw: JsonMapping | None = None) -> Json:
    """One value that the schema allows, as far as a schema tells."""
    if "anyOf" in schema:
        return schema.get("default", example_of(name, schema["anyOf"][0], raw))
    if "x-file" in schema:
        return FILES[schema["x-file"]]
    if "default" in schema:
        return schema["default"]
    if "const" in schema:
        return schema["const"]
    if "enum" in schema:
        return schema["enum"][0]
    kind = schema.get("type", "string")
    return _of_type(kind[0] if isinstance(kind, list) else kind, name, schema, raw or {})


def _of_type(kind: str, name: str, schema: ParamSchema, raw: JsonMapping) -> Json:
    match kind:
        case "integer" | "number":
            return schema.get("minimum", schema.get("maximum", 1))
        case "boolean":
            return False
        case "array":
            return _list(name, schema)
        case "object":
            fields = schema.get("properties", {})
            return {each: example_of(each, fields[each]) for each in schema.get("required", ())}
        case _:
            return _text(name, schema, raw)


def _list(name: str, schema: ParamSchema) -> list[Json]:
    one = example_of(name, schema.get("items", {}))
    return [one] * min(max(1, schema.get("minItems", 1)), MOST)


def _text(name: str, schema: ParamSchema, raw: JsonMapping) -> str:
    shown = raw.get("examples")
    if isinstance(shown, list) and shown and isinstance(shown[0], str) and "prompt" not in name:
        return shown[0]
    text = SAY if _SPOKEN.search(name) else SHOW
    long_enough = text * (1 + min(schema.get("minLength", 0), MOST) // len(text))
    return long_enough[: schema.get("maxLength", len(long_enough))]
