"""Text from where all is text, such as a spreadsheet's cell, in the type that a schema asks for.

Only what loses nothing is read: `42` is 42, `TRUE` is true, `[1, 2]` is a list; `1,5` is not 1.5.
"""

from __future__ import annotations

import json
import re
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from vidi.inference.models.params.choices import is_same, match_choice
from vidi.inference.models.params.wording import type_names

if TYPE_CHECKING:
    from vidi.inference.models.param_schema import ParamSchema

_NUMBER = re.compile(r"[-+]?(\d+(\.\d*)?|\.\d+)([eE][-+]?\d{1,3})?", re.ASCII)
_COMMA = re.compile(r"[-+]?\d+,\d+", re.ASCII)
_MOST_DIGITS = 400
_SWITCHES = {"true": True, "false": False}
_UNREAD = object()


def read_text_value(text: str, schema: ParamSchema) -> object:
    """What a text stands for under a schema; the text itself where it stands for nothing else."""
    value = _read(text, schema)
    return text if value is _UNREAD else value


def hint_for_text_value(text: str, hint: str) -> str:
    """The hint for a cell that is not what its param asks for; `hint` is the one for a value."""
    bare = text.strip()
    if _COMMA.fullmatch(bare) and "whole" not in hint:
        return f"Write {bare.replace(',', '.')} in the cell: a point, not a comma."
    if bare[:1] in {"[", "{"}:
        found = _json(bare)
        return f"The cell begins as JSON and is not: {found}." if isinstance(found, str) else hint
    if hint.startswith("Write it as a list"):
        return f"Write it as JSON in the cell: [{json.dumps(bare, ensure_ascii=False)}]."
    return hint


def _read(text: str, schema: ParamSchema) -> Any:
    if "anyOf" in schema:
        read = (_read(text, branch) for branch in schema["anyOf"])
        return next((value for value in read if value is not _UNREAD), _UNREAD)
    if "enum" in schema or "const" in schema:
        return _read_choice(text, schema)
    names = type_names(schema)
    if "string" in names or not names:
        return text
    if "boolean" in names and (switch := _SWITCHES.get(text.strip().lower())) is not None:
        return switch
    if {"integer", "number"} & set(names):
        return _read_number(text.strip(), whole="number" not in names)
    if {"array", "object"} & set(names):
        return _read_json(text.strip(), names)
    return _UNREAD


def _read_choice(text: str, schema: ParamSchema) -> object:
    """The member of an enum that a text stands for; spaces around it say nothing."""
    choices = schema["enum"] if "enum" in schema else [schema["const"]]
    for written in (text, text.strip()):
        value = match_choice(written, choices)
        if any(is_same(value, choice) for choice in choices):
            return value
    return text.strip() if schema.get("x-enum-open") else _UNREAD


def _read_number(text: str, *, whole: bool) -> object:
    if len(text) > _MOST_DIGITS or not _NUMBER.fullmatch(text):
        return _UNREAD
    number = Decimal(text)
    if abs(number.adjusted()) < _MOST_DIGITS and number == number.to_integral_value():
        return int(number)
    # Decimal(repr(…)): what JSON will carry must be the number that was written.
    kept = not whole and Decimal(repr(float(number))) == number
    return float(number) if kept else _UNREAD


def _read_json(text: str, names: tuple[str, ...]) -> object:
    wanted = {"array": "[", "object": "{"}
    if not any(text.startswith(wanted[name]) for name in names if name in wanted):
        return _UNREAD
    value = _json(text)
    return _UNREAD if isinstance(value, str) else value


def _json(text: str) -> object:
    """The list or mapping that a text is the JSON of; what is wrong with it, as text."""
    try:
        return json.loads(text, parse_constant=_refuse_constant)
    except json.JSONDecodeError as error:
        return f"{error.msg.lower()} at character {error.pos + 1}"
    except (ValueError, RecursionError) as error:
        return str(error)


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is not a JSON number")
