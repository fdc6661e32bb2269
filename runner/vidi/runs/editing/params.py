"""The params of a model as a job file may write them: JSON Schema for editors.

It says what `inference.models.params` accepts: values also as `{{ … }}`, a choice also in its other
form, null for what is left out. What only a look at files can tell, it leaves open.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any, cast

from vidi.inference.models.params.choices import both_forms, plain_number
from vidi.jobs.schema import TEMPLATE

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from vidi.inference.models.param_schema import ParamSchema
    from vidi.inference.models.template import ModelInfo

Schema = dict[str, object]

NULL: Schema = {"type": "null"}
TEMPLATE_ONLY: Schema = {"$ref": "#/$defs/template"}
TEMPLATE_OR_NULL: Schema = {"$ref": "#/$defs/unset"}
PARTS: Schema = {
    "template": TEMPLATE,
    "unset": {"anyOf": [TEMPLATE, NULL]},
}
"""What the schemas of params refer to, under `$defs`."""
_SAID = ("title", "description", "default", "deprecated")
"""What an editor shows; it says nothing of what is right."""
_RULES = (
    "type", "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf",
    "minLength", "maxLength", "pattern", "minItems", "maxItems",
)  # fmt: skip
_ADDRESS: Schema = {"pattern": r"^[hH][tT][tT][pP][sS]?://"}
_FILE: Schema = {
    "pattern": r"\S",
    "not": {"pattern": r"^(?!https?://|data:)([a-z][a-z0-9+.-]+://|file:)"},
}
_UNKNOWN = {"type": "null", "errorMessage": "This model has no such param."}
"""A null leaves a param out, also where the model has no such param."""


def params_schema(model: ModelInfo) -> Schema:
    """The params of a model, none of them required: defaults may hold a part of them."""
    schema = _object_schema(model.params, set(model.params.get("required", ())))
    del schema["required"]
    schema["additionalProperties"] = _UNKNOWN if model.params_complete else True
    return schema


def _field_schema(field: ParamSchema, *, required: bool) -> Schema:
    """A field with everything that may stand for its value."""
    said = {key: _plain(field[key]) for key in _SAID if key in field}  # type: ignore[literal-required]  # keys of ParamSchema
    if field.get("x-legacy"):
        return {**said, "deprecated": True}
    return {**said, **_any_of(_forms(field), required=required)}


def _forms(field: ParamSchema) -> list[Schema]:
    """The value in each form that its branches allow, each once."""
    if "anyOf" not in field:
        return [_value_schema(field)]
    forms = [form for branch in field["anyOf"] for form in _forms(branch)]
    return [form for at, form in enumerate(forms) if form not in forms[:at]]


def _any_of(forms: list[Schema], *, required: bool) -> Schema:
    """One of the forms, a template, or null; any text is in one word, which editors say better."""
    if {} in forms:
        return {}
    if {"type": "string"} in forms:
        rest = [form for form in forms if form != {"type": "string"}]
        text: Schema = {"type": "string" if required else ["string", "null"]}
        return {"anyOf": [text, *rest]} if rest else text
    open_form = TEMPLATE_ONLY if required else TEMPLATE_OR_NULL
    return {"anyOf": [*forms, open_form]}


def _value_schema(field: ParamSchema) -> Schema:
    """A value itself, in the types that lose nothing."""
    choices = [field["const"]] if "const" in field else field.get("enum")
    if choices is not None:
        return {"enum": _every_form(choices)}
    schema: Schema = {key: _plain(field[key]) for key in _RULES if key in field}  # type: ignore[literal-required]  # keys of ParamSchema
    if "x-file" in field:
        schema |= _file_rules(field)
    if "items" in field:
        schema["items"] = _field_schema(field["items"], required=True)
    if "properties" in field:
        schema |= _object_schema(field, set(field.get("required", ())))
    if "x-refused" in field:
        schema["not"] = {"const": True}
    return schema


def _file_rules(field: ParamSchema) -> Schema:
    """What the name of a file looks like; what may also be an id of the provider's, may be all."""
    if field.get("x-file-or-id"):
        return {}
    return dict(_ADDRESS if field.get("x-file-as") == "url" else _FILE)


def _object_schema(schema: ParamSchema, required: set[str]) -> Schema:
    fields = cast("Mapping[str, ParamSchema]", schema.get("properties", {}))
    return {
        "type": schema.get("type", "object"),
        "properties": {
            name: _field_schema(field, required=name in required) for name, field in fields.items()
        },
        "required": sorted(required),
        "additionalProperties": schema.get("additionalProperties", True)
        or schema.get("x-complete") is False,
    }


def _every_form(choices: Iterable[Any]) -> list[object]:
    """Every form of every choice, each once: 1 and true are two, 1 and 1.0 are one."""
    known = [_plain(each) for each in choices]
    forms = [*both_forms(known), *(each == "true" for each in known if each in {"true", "false"})]
    return list({(isinstance(each, bool), each): each for each in forms}.values())


def _plain(value: Any) -> Any:
    """JSON without decimals."""
    if isinstance(value, dict):
        return {key: _plain(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_plain(each) for each in value]
    return plain_number(value) if isinstance(value, Decimal) else value
