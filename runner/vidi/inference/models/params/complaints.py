"""What the JSON Schema validator finds, said to the author of a job file."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import jsonschema_rs

from vidi.inference.models.params.checked import ParamProblem
from vidi.inference.models.params.coercion import branch_for
from vidi.inference.models.params.edits import (
    hint_for_choice,
    hint_for_multiple,
    hint_for_range,
    hint_for_type,
)
from vidi.inference.models.params.wording import counted, described, dotted, kind_of, quoted, wanted
from vidi.inference.models.suggest import did_you_mean
from vidi.json_values import as_object

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from vidi.inference.models.param_schema import ParamSchema
    from vidi.inference.models.params.checked import At

_OVERRULING = ("enum", "const", "anyOf", "type")
"""Keywords that say all there is to say about a value; the first of them that fails counts."""
_LISTED_NAMES = 20


@dataclass(frozen=True, slots=True)
class Fault:
    """A keyword of a schema that a value does not pass."""

    keyword: str
    at: At
    value: object
    schema: ParamSchema
    """The schema that the keyword is in."""

    @property
    def limit(self) -> object:
        """What the keyword says."""
        keywords: Mapping[str, object] = self.schema
        return keywords[self.keyword]

    @property
    def name(self) -> str:
        """The param, as messages name it."""
        return dotted(self.at)

    @property
    def shown(self) -> str:
        """What the value is; a secret is not shown."""
        secret = self.schema.get("x-secret")
        return kind_of(self.value) if secret else described(self.value)


def find_problems(
    validator: jsonschema_rs.Draft202012Validator, schema: ParamSchema, params: object
) -> Iterator[ParamProblem]:
    """Every mistake in params that are already converted, with its mending edit."""
    for fault in _faults(validator, schema, params, ()):
        yield from _say(fault)


def _faults(
    validator: jsonschema_rs.Draft202012Validator, schema: ParamSchema, value: object, at: At
) -> Iterator[Fault]:
    found: dict[tuple[At, str], Fault] = {}
    for error in validator.iter_errors(value):
        *path, keyword = error.schema_path
        inner = tuple(error.instance_path)
        fault = Fault(str(keyword), (*at, *inner), _dig(value, inner), _dig(schema, path))
        found.setdefault((fault.at, fault.keyword), fault)
    for (place, keyword), fault in found.items():
        strongest = next((each for each in _OVERRULING if (place, each) in found), keyword)
        if strongest == keyword:
            yield from _inside_branch(fault) if keyword == "anyOf" else (fault,)


def _inside_branch(fault: Fault) -> Iterator[Fault]:
    """The faults of the branch that was meant; the fault itself where none is clear."""
    branch = branch_for(fault.value, fault.schema)
    if branch is None:
        yield fault
        return
    validator = jsonschema_rs.Draft202012Validator(dict(branch))
    for each in _faults(validator, branch, fault.value, fault.at):
        yield fault if each.at == fault.at and each.keyword in _OVERRULING else each


def _dig(value: Any, path: Iterable[str | int]) -> Any:
    for step in path:
        value = value[step]
    return value


def _say(fault: Fault) -> Iterator[ParamProblem]:
    match fault.keyword:
        case "additionalProperties":
            yield from _unknown(fault)
        case "required":
            yield from _missing(fault)
        case "enum" | "const" | "anyOf":
            hint = hint_for_choice(fault.value, fault.schema)
            message = f"'{fault.name}' must be {wanted(fault.schema)}, not {_as_choice(fault)}"
            yield _problem(fault, message, hint)
        case "type":
            message = f"'{fault.name}' must be {wanted(fault.schema)}, not {fault.shown}"
            yield _problem(fault, message, hint_for_type(fault.value, fault.schema), "wrong-type")
        case "minimum" | "maximum" | "exclusiveMinimum" | "exclusiveMaximum" | "multipleOf":
            yield _about_number(fault)
        case "pattern":
            message = f"'{fault.name}' must have the form {fault.limit}, not {fault.shown}"
            yield _problem(fault, message, "Write it in the form of that pattern.")
        case _:
            yield _about_size(fault)


def _problem(fault: Fault, message: str, hint: str, code: str = "bad-value") -> ParamProblem:
    return ParamProblem(fault.at, False, code, message, hint)


def _as_choice(fault: Fault) -> str:
    simple = not isinstance(fault.value, dict | list) and not fault.schema.get("x-secret")
    return quoted(fault.value) if simple else fault.shown


def _unknown(fault: Fault) -> Iterator[ParamProblem]:
    fields = fault.schema.get("properties", {})
    known = [name for name, field in fields.items() if not field.get("x-legacy")]
    for name in as_object(fault.value):
        if name in fields:
            continue
        at = (*fault.at, name)
        hint = did_you_mean(name, known) or _known_names(known)
        yield ParamProblem(at, True, "unknown-param", f"unknown param '{dotted(at)}'", hint)


def _known_names(names: list[str]) -> str:
    if not names:
        return "Take it out: there are no params."
    more = f", … ({len(names) - _LISTED_NAMES} more)" if len(names) > _LISTED_NAMES else ""
    return f"Known params: {', '.join(names[:_LISTED_NAMES])}{more}."


def _missing(fault: Fault) -> Iterator[ParamProblem]:
    where = f"'{fault.name}'" if fault.at else "the params"
    for name in fault.schema["required"]:
        if name not in as_object(fault.value):
            message = f"'{dotted((*fault.at, name))}' is required"
            hint = f"Add '{name}' to {where}."
            yield ParamProblem(fault.at, True, "missing-param", message, hint)


def _about_number(fault: Fault) -> ParamProblem:
    if fault.keyword == "multipleOf":
        message = f"'{fault.name}' must be a multiple of {fault.limit}, not {fault.shown}"
        return _problem(fault, message, hint_for_multiple(fault.value, fault.schema))
    bound = {
        "minimum": "at least",
        "maximum": "at most",
        "exclusiveMinimum": "more than",
        "exclusiveMaximum": "less than",
    }[fault.keyword]
    message = f"'{fault.name}' must be {bound} {fault.limit}, not {fault.shown}"
    return _problem(fault, message, hint_for_range(fault.schema))


def _about_size(fault: Fault) -> ParamProblem:
    """Too long, too short: texts by their characters, lists by their items."""
    is_list = isinstance(fault.value, list)
    noun = "item" if is_list else "character"
    size = len(fault.value) if isinstance(fault.value, list | str) else 0
    if fault.keyword in {"maxLength", "maxItems"}:
        limit = fault.schema["maxItems" if is_list else "maxLength"]
        rule = f"at most {limit:,} {'is' if limit == 1 else 'are'} allowed"
        hint = f"Take {counted(size - limit, noun)} out."
    else:
        limit = fault.schema["minItems" if is_list else "minLength"]
        rule = f"at least {limit:,} {'is' if limit == 1 else 'are'} needed"
        hint = f"Add {counted(limit - size, noun)}."
    return _problem(fault, f"'{fault.name}' has {counted(size, noun)}; {rule}", hint)
