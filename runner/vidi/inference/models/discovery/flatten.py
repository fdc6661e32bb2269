"""OpenAPI schemas without references, without `allOf`, without the null that means not given."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from vidi.inference.models.discovery.discovery import DocumentError
from vidi.json_values import as_list, as_object

if TYPE_CHECKING:
    from vidi.json_values import Json, JsonObject

MOST_SCHEMAS = 5_000
"""Schemas in one document after its references are followed; real ones have some hundreds."""
DEEPEST = 40
TOO_LARGE = "the schema refers to itself, or is larger than any real one"


@dataclass(slots=True)
class Flattener:
    """Follows the references of one document."""

    document: Json
    left: int = MOST_SCHEMAS

    def flatten(self, schema: Json, depth: int = 0) -> JsonObject:
        """The schema as one object; `{}` where it is no object.

        Raises:
            DocumentError: It is too large, too deep, or refers to what is not there.
        """
        merged = self._without_null(self._merge(schema, depth), depth)
        if isinstance(merged.get("anyOf"), list):
            branches = as_list(merged["anyOf"])
            merged["anyOf"] = [self.flatten(each, depth + 1) for each in branches]
        for key in ("items", "properties"):
            if not isinstance(merged.get(key, {}), dict):
                del merged[key]
        if "items" in merged:
            merged["items"] = self.flatten(merged["items"], depth + 1)
        if "properties" in merged:
            fields = as_object(merged["properties"])
            merged["properties"] = {
                name: self.flatten(each, depth + 1) for name, each in fields.items()
            }
        return merged

    def _merge(self, schema: Json, depth: int) -> JsonObject:
        """What `$ref` and `allOf` bring, under the schema's own keys, which win."""
        self.left -= 1
        if self.left < 0 or depth > DEEPEST:
            raise DocumentError(TOO_LARGE)
        if not isinstance(schema, dict):
            return {}
        own = {key: value for key, value in schema.items() if key not in {"$ref", "allOf"}}
        parts = [self._follow(schema["$ref"])] if "$ref" in schema else []
        parts += as_list(schema.get("allOf"))
        merged: JsonObject = {}
        for part in parts:
            merged |= self._merge(part, depth + 1)
        return merged | own

    def _without_null(self, schema: JsonObject, depth: int) -> JsonObject:
        """Null in a choice means not given, and one other choice needs no choice."""
        if isinstance(schema.get("type"), list):
            kinds = [kind for kind in as_list(schema["type"]) if kind != "null"]
            schema["type"] = kinds[0] if len(kinds) == 1 else kinds
        if schema.get("default", ...) is None:
            del schema["default"]
        choices = schema.get("anyOf", schema.get("oneOf"))
        if not isinstance(choices, list):
            return schema
        rest = {key: value for key, value in schema.items() if key not in {"anyOf", "oneOf"}}
        kept = [each for each in choices if not _is_null(each)]
        if len(kept) != 1:
            return rest | ({"anyOf": kept} if kept else {})
        return self._without_null(self._merge(kept[0], depth + 1) | rest, depth + 1)

    def _follow(self, reference: Json) -> Json:
        node = self.document
        if not isinstance(reference, str) or not reference.startswith("#/"):
            raise DocumentError(f"the schema refers to {reference!r}, which is not in it")
        for step in reference.removeprefix("#/").split("/"):
            name = step.replace("~1", "/").replace("~0", "~")
            if not isinstance(node, dict) or name not in node:
                raise DocumentError(f"the schema refers to {reference!r}, which is not in it")
            node = node[name]
        return node


def _is_null(schema: Json) -> bool:
    return isinstance(schema, dict) and schema.get("type") == "null"


def dig(value: Json, *path: str) -> Json:
    """What is at a path of keys; None where anything on the way is missing."""
    for step in path:
        value = value.get(step) if isinstance(value, dict) else None
    return value
