"""Params as plain JSON values, each in the type that its schema asks for.

Only what loses nothing is converted: `5` and "5" where an enum has the other form, 5.0 to 5.
"""

from __future__ import annotations

import math
import os
from collections.abc import Mapping
from decimal import Decimal
from typing import TYPE_CHECKING

from vidi.inference.models.params.checked import ParamProblem
from vidi.inference.models.params.choices import is_same, match_choice
from vidi.inference.models.params.wording import dotted, quoted, type_names
from vidi.inference.models.suggest import did_you_mean

if TYPE_CHECKING:
    from vidi.inference.models.param_schema import ParamSchema
    from vidi.inference.models.params.checked import At

Schema = Mapping[str, object]
_SCALARS: dict[str, tuple[type, ...]] = {
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
}


def coerce(
    given: Mapping[str, object], schema: ParamSchema, at: At, notes: list[ParamProblem]
) -> dict[str, object]:
    """The fields of a mapping, converted; without those that are null or no longer taken.

    Args:
        given: The params, or a mapping inside them.
        schema: Of the mapping.
        at: Where it stands.
        notes: Where problems with what cannot or should not be sent are added.
    """
    fields = schema.get("properties", {})
    made: dict[str, object] = {}
    for key, value in given.items():
        name = str(key)
        here = (*at, name)
        if _is_broken(name):
            notes.append(_broken_text((*at, ascii(name)[1:-1]), at))
        elif value is None and (name in fields or not at):
            continue  # a null leaves a param out, also where the model has no such param
        elif name not in fields:
            if schema.get("x-complete") is False:
                notes.append(_undescribed(here, schema))
            made[name] = _convert(value, {}, here, notes)
        elif not _note_status(value, fields[name], here, notes):
            made[name] = _convert(value, fields[name], here, notes)
    return made


def _undescribed(at: At, schema: ParamSchema) -> ParamProblem:
    """A name that a description lacks which is not surely complete: told, and sent."""
    name = str(at[-1])
    message = f"'{dotted(at)}' is sent, but not described: it may be a mistake"
    hint = did_you_mean(name, list(schema.get("properties", ()))) or "Compare it with the page."
    return ParamProblem(at, True, "undescribed-param", message, hint, "warning")


def branch_for(value: object, schema: ParamSchema) -> ParamSchema | None:
    """The branch of an `anyOf` that a mapping, a list or a scalar can only mean.

    None where there is no such branch; the schema itself where it has no branches.
    """
    if "anyOf" not in schema:
        return schema
    return next((each for each in schema["anyOf"] if _has_type_of(value, each)), None)


def _note_status(value: object, field: ParamSchema, at: At, notes: list[ParamProblem]) -> bool:
    """Say what is to be said about a param that should not be used; True if it is dropped."""
    if field.get("x-legacy"):
        message = f"'{dotted(at)}' is not sent: the model no longer takes it"
        notes.append(ParamProblem(at, True, "legacy-param", message, "Take it out.", "warning"))
        return True
    if "x-refused" in field and value is True:
        message = f"'{dotted(at)}' must not be true: {field['x-refused']}"
        hint = "Write false, or take it out."
        notes.append(ParamProblem(at, False, "refused-param", message, hint))
    if field.get("deprecated"):
        hint = "Take it out: a later version of the model may refuse it."
        message = f"'{dotted(at)}' is deprecated"
        notes.append(ParamProblem(at, True, "deprecated-param", message, hint, "warning"))
    if "anyOf" in field and any(
        value in branch.get("enum", ()) for branch in _deprecated_branches(field)
    ):
        message = f"'{dotted(at)}' has an older form: {quoted(value)}"
        hint = "A later version of the model may refuse it; `vidi models show` has the newer one."
        notes.append(ParamProblem(at, False, "deprecated-value", message, hint, "warning"))
    return False


def _deprecated_branches(field: ParamSchema) -> list[ParamSchema]:
    return [branch for branch in field["anyOf"] if branch.get("deprecated")]


def _convert(value: object, schema: ParamSchema, at: At, notes: list[ParamProblem]) -> object:
    if isinstance(value, str | int | float):  # as nearly all are
        return _fit(_plain(value, at, notes), schema)
    if isinstance(value, Mapping):
        return coerce(value, branch_for({}, schema) or {}, at, notes)
    if isinstance(value, list | tuple):
        items = (branch_for([], schema) or {}).get("items", {})
        return [_convert(each, items, (*at, index), notes) for index, each in enumerate(value)]
    return _fit(_plain(value, at, notes), schema)


def _plain(value: object, at: At, notes: list[ParamProblem]) -> object:
    """A scalar as JSON has it; null, and a note, for what JSON does not have."""
    match value:
        case None | bool():
            return value
        case str():
            if _is_broken(value):
                notes.append(_broken_text(at, at))
                return None
            return str.__str__(value)
        case int():
            return int(value)
        case float() | Decimal():
            if math.isfinite(value):
                exact = isinstance(value, Decimal) and value == value.to_integral_value()
                return int(value) if exact else float(value)
            what = f"must be a finite number, not {quoted(float(value))}"
            hint = "Write a number."
        case os.PathLike():
            return os.fspath(value)
        case _:
            what = f"must be text, a number, true, false, a list or a mapping, not {_class(value)}"
            hint = "Write a value that JSON has."
    notes.append(ParamProblem(at, False, "wrong-type", f"'{dotted(at)}' {what}", hint))
    return None


def _class(value: object) -> str:
    return f"a {type(value).__name__} object"


def _is_broken(text: str) -> bool:
    """Whether a text has half of a surrogate pair, which no request can carry."""
    if text.isascii():
        return False
    try:
        text.encode()
    except UnicodeEncodeError:
        return True
    return False


def _broken_text(named: At, at: At) -> ParamProblem:
    message = f"'{dotted(named)}' has a broken character: half of a surrogate pair"
    return ParamProblem(at, False, "bad-value", message, "Write the character itself, as UTF-8.")


def _fit(value: object, schema: ParamSchema) -> object:
    """A scalar in the type that the schema asks for, if that loses nothing."""
    if "anyOf" in schema:
        fitted = [(_fit(value, branch), branch) for branch in schema["anyOf"]]
        return next((each for each, branch in fitted if _belongs(each, branch)), value)
    if "enum" in schema:
        return value if schema.get("x-enum-open") else match_choice(value, schema["enum"])
    if "const" in schema:
        return match_choice(value, [schema["const"]])
    if isinstance(value, float) and value.is_integer():
        names = type_names(schema)
        return int(value) if "integer" in names and "number" not in names else value
    return value


def _belongs(value: object, schema: ParamSchema) -> bool:
    if "enum" in schema:
        return any(is_same(value, choice) for choice in schema["enum"])
    return _has_type_of(value, schema)


def _has_type_of(value: object, schema: ParamSchema) -> bool:
    """Whether a value is of a type that the schema names, or the schema names none."""
    names = type_names(schema)
    if isinstance(value, dict | list):
        return ("object" if isinstance(value, dict) else "array") in names
    if isinstance(value, bool):
        return "boolean" in names or not names
    return not names or any(isinstance(value, _SCALARS.get(name, ())) for name in names)
