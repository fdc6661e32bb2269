"""The inputs of a model as one JSON Schema (2020-12)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from files import kind_of, takes_file

if TYPE_CHECKING:
    from facts import Fact

INLINE = "Return the media inside the answer instead of at a URL"
REFUSED = "the provider then stores no result, so what was paid for could not be fetched again"
RECONCILE = "What to do when the sound and the video are of unequal length"
BOUNDS = (
    ("min", "minimum"),
    ("max", "maximum"),
    ("min_length", "minLength"),
    ("max_length", "maxLength"),
)
SECRETS = ("api_key",)
"""Keys of other vendors among the inputs that are gone."""

INTEGER_FIELDS = ("width", "height")


def schema_of(fact: Fact) -> dict[str, Any]:
    """The schema of all inputs; old ones that are still accepted come last."""
    # The facts about fal are in alphabetical order: what must be given comes first.
    names = sorted(fact.params, key=lambda name: not fact.params[name]["required"])
    ordered = names if fact.provider == "fal" else list(fact.params)
    properties = {name: _property(fact, name) for name in ordered}
    for legacy in fact.data.get("legacy_params", ()):
        properties.setdefault(legacy["name"], _legacy(legacy))
    for order, schema in enumerate(properties.values()):
        schema["x-order"] = order
    return {
        "type": "object",
        "properties": properties,
        "required": [name for name, param in fact.params.items() if param["required"]],
        "additionalProperties": False,
    }


def _property(fact: Fact, name: str) -> dict[str, Any]:
    param = fact.params[name]
    file = takes_file(fact, name)
    schema: dict[str, Any] = {"description": _description(param)}
    schema |= _type(param, kind_of(fact, name) if file else None)
    default = param["default"]
    if default is not None and not (file and default in ("", [])):
        schema["default"] = default
    schema |= {key: param[bound] for bound, key in BOUNDS if param.get(bound) is not None}
    return schema | _marks(param)


def _description(param: dict[str, Any]) -> str:
    if param["name"] == "sync_mode":
        return INLINE if param["type"] == "boolean" else RECONCILE
    if "text_to_video" in (param["enum"] or ()):
        return "What to do"
    return str(param["description"])


def _type(param: dict[str, Any], file: str | None) -> dict[str, Any]:
    kind, choices = param["type"], param["enum"]
    choice = {"enum": _without_bytes(choices)} if choices else {}
    match kind:
        case "string_or_object":
            sized = _object(param) | {"additionalProperties": False}
            return {"anyOf": [{"type": "string"} | choice, sized]}
        case "array":
            return {"type": "array", "items": _items(param, file)}
        case "object":
            return _object(param)
        case "any":
            return choice
        case _:
            return {"type": kind} | choice | ({"x-file": file} if file else {})


def _without_bytes(choices: list[Any]) -> list[Any]:
    """PlayAI's `response_format: bytes` answers with no file that could be fetched again."""
    return [choice for choice in choices if choice != "bytes"] if "url" in choices else choices


def _items(param: dict[str, Any], file: str | None) -> dict[str, Any]:
    if file:
        return {"type": "string", "x-file": file}
    kind = param.get("items")
    if kind == "object" and any(isinstance(item, str) for item in param["default"] or ()):
        kind = "string"  # a list of choices, which one schema copy calls objects
    return {"type": kind} if kind else {}


def _object(param: dict[str, Any]) -> dict[str, Any]:
    fields = param.get("object_fields", ())
    if not fields:
        return {"type": "object"}
    schema = {"type": "object", "properties": {field: _field(field) for field in fields}}
    return schema | ({"required": list(fields)} if set(fields) == set(INTEGER_FIELDS) else {})


def _field(name: str) -> dict[str, Any]:
    if name in INTEGER_FIELDS:
        return {"type": "integer", "minimum": 1}
    return {"type": "string", "x-file": "image"} if name.endswith("image_url") else {}


def _marks(param: dict[str, Any]) -> dict[str, Any]:
    marks: dict[str, Any] = {}
    if param.get("suggested_values"):
        marks["x-suggested"] = param["suggested_values"]
    if param.get("enum_type_uncertain"):
        marks["x-enum-open"] = True
    if param.get("secret"):
        marks["x-secret"] = True
    if param.get("deprecated"):
        marks["deprecated"] = True
    if param["name"] == "sync_mode" and param["type"] == "boolean":
        marks["x-refused"] = REFUSED
    return marks


def _legacy(param: dict[str, Any]) -> dict[str, Any]:
    schema: dict[str, Any] = {"description": f"Gone; last seen in: {param['last_seen']}"}
    if param.get("type"):
        schema["type"] = param["type"]
    secret = {"x-secret": True} if param["name"] in SECRETS else {}
    return schema | secret | {"deprecated": True, "x-legacy": True}
