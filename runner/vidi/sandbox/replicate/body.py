"""The body of a create: strict at its top level, and its input in gojsonschema's words."""

from __future__ import annotations

from json import dumps
from typing import TYPE_CHECKING

from vidi.json_values import as_list
from vidi.sandbox.answers.refusals import replicate_problem

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from starlette.responses import Response

    from vidi.sandbox.orders.checks import Violation

_KEYS = {"input", "webhook", "webhook_completed", "webhook_events_filter", "stream"}

_TYPES = {
    "enum": "enum", "type": "invalid_type", "minimum": "number_gte", "maximum": "number_lte",
    "exclusiveMinimum": "number_gt", "exclusiveMaximum": "number_lt", "minLength": "string_gte",
    "maxLength": "string_lte", "minItems": "array_min_items", "maxItems": "array_max_items",
    "anyOf": "number_any_of", "oneOf": "number_one_of", "multipleOf": "multiple_of",
    "url": "format", "required": "required",
}  # fmt: skip
"""JSON Schema keyword to gojsonschema's name of the error."""


def refuse_body(body: object, *, needed: Sequence[str]) -> Response | None:
    """Refuse a body that is no object, lacks a key, has an unknown one, or whose input is none."""
    if not isinstance(body, dict):
        return replicate_problem(400)
    fields = [_field("required", "", f"{key} is required") for key in needed if key not in body]
    fields += [
        _field("additional_property_not_allowed", "", f"Additional property {key} is not allowed")
        for key in body
        if key not in {*_KEYS, *needed}
    ]
    if not isinstance(body.get("input", {}), dict):
        fields.append(_field("invalid_type", "input", "Invalid type. Expected: object"))
    return _invalid(fields, (field["description"] for field in fields)) if fields else None


def refuse_input(violations: Sequence[Violation]) -> Response:
    """Refuse an input that the model does not take."""
    fields = [_describe(violation) for violation in violations]
    lines = (f"{field['field']}: {field['description']}" for field in fields)
    return _invalid(fields, lines)


def _invalid(fields: list[dict[str, str]], lines: Iterable[str]) -> Response:
    detail = "".join(f"- {line}\n" for line in lines)
    return replicate_problem(422, detail, invalid_fields=fields)


def _describe(violation: Violation) -> dict[str, str]:
    kind = _TYPES.get(violation.rule, violation.rule)
    if kind == "required":
        at = ".".join(["input", *map(str, violation.path[:-1])])
        return _field(kind, at, f"{violation.path[-1]} is required")
    return _field(kind, f"input.{violation.name}", _words(violation))


def _words(violation: Violation) -> str:
    expected, name = violation.expected, str(violation.path[-1]) if violation.path else "input"
    match violation.rule:
        case "enum":
            choices = ", ".join(dumps(choice, default=float) for choice in as_list(expected))
            return f"{name} must be one of the following: {choices}"
        case "type":
            kinds = ", ".join(map(str, as_list(expected)))
            return f"Invalid type. Expected: {kinds}, given: {_kind(violation.given)}"
        case "minimum":
            return f"Must be greater than or equal to {expected}"
        case "maximum":
            return f"Must be less than or equal to {expected}"
        case "minLength":
            return f"String length must be greater than or equal to {expected}"
        case "maxLength":
            return f"String length must be less than or equal to {expected}"
        case "url":
            return "Does not match format 'uri'"
        case rule:
            return f"Does not match '{rule}'"


def _kind(value: object) -> str:
    names = {bool: "boolean", int: "integer", float: "number", str: "string", list: "array"}
    return "null" if value is None else names.get(type(value), "object")


def _field(kind: str, field: str, description: str) -> dict[str, str]:
    return {"type": kind, "field": field, "description": description}
