"""The edit that mends a wrong param, as a hint."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from vidi.inference.models.params.choices import number_in
from vidi.inference.models.params.wording import (
    SHOWN_CHOICES,
    choices_of,
    listed,
    quoted,
    type_names,
    wanted,
)
from vidi.inference.models.suggest import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from fractions import Fraction

    from vidi.inference.models.param_schema import ParamSchema

_SWITCHES = {"true": "true", "yes": "true", "on": "true", "1": "true"} | {
    "false": "false",
    "no": "false",
    "off": "false",
    "0": "false",
}
_BOUNDS = {
    "minimum": "{} or more",
    "exclusiveMinimum": "more than {}",
    "maximum": "{} or less",
    "exclusiveMaximum": "less than {}",
}
_LARGE = 10**15
"""Above it, floats are no longer exact to the unit."""
_SIZE = re.compile(r"(\d+) ?[x×*] ?(\d+)", re.ASCII)


def hint_for_choice(value: object, schema: ParamSchema) -> str:
    """For a value that is none of an enum, or fits no branch."""
    choices = choices_of(schema)
    size = _size_hint(value, schema)
    if size:
        return size
    if isinstance(value, dict | list) or value is None:
        return f"Write {wanted(schema)}."
    close = did_you_mean(str(value), [str(choice) for choice in choices])
    if close:
        return close
    if len(choices) > SHOWN_CHOICES:
        return "`vidi models show` lists all values."
    return "Write one of these values." if len(choices) > 1 else f"Write {wanted(schema)}."


def hint_for_type(value: object, schema: ParamSchema) -> str:
    """For a value of a wrong JSON type."""
    names = type_names(schema)
    if isinstance(value, str) and {"integer", "number", "boolean"} & set(names):
        return _hint_for_text(value, names)
    if "array" in names:
        return _hint_for_list(value)
    if "object" in names:
        fields = list(schema.get("properties", ()))
        return f"Write a mapping with {listed(fields)}." if fields else "Write a mapping."
    if "string" in names:
        return _hint_for_scalar(value, schema)
    if "boolean" in names and not isinstance(value, dict | list):
        return f"Write {_SWITCHES.get(str(value), 'true or false')}."
    return f"Write {wanted(schema)}."


def hint_for_range(schema: ParamSchema) -> str:
    """For a number below or above its bounds."""
    low, high = schema.get("minimum"), schema.get("maximum")
    if low is not None and high is not None:
        return f"Write a number from {low} to {high}."
    bounds: Mapping[str, object] = schema
    said = [words.format(bounds[key]) for key, words in _BOUNDS.items() if key in bounds]
    return f"Write {listed(said)}."


def hint_for_multiple(value: object, schema: ParamSchema) -> str:
    """For a number between two multiples."""
    from fractions import Fraction

    step, number = Fraction(str(schema["multipleOf"])), Fraction(str(value))
    if abs(number) > _LARGE:
        return f"Write a multiple of {schema['multipleOf']}."
    below = number // step * step
    least, most = schema.get("minimum", below), schema.get("maximum", below + step)
    near = [each for each in (below, below + step) if least <= each <= most]
    if not near:
        return f"Write a multiple of {schema['multipleOf']}."
    return f"Write {listed([_number(each) for each in near], 'or')}."


def _number(value: Fraction) -> str:
    return str(value.numerator) if value.denominator == 1 else str(float(value))


def _hint_for_text(value: str, names: tuple[str, ...]) -> str:
    """For a text where a number or a switch is asked for."""
    text = value.strip().casefold()
    if "boolean" in names and text in _SWITCHES:
        plain = _SWITCHES[text]
        return f"Drop the quotes: {plain}." if plain == text else f"Write {plain}."
    number = number_in(text)
    if number is not None and ("number" in names or number == number.to_integral_value()):
        return f"Drop the quotes: {text}."
    return f"Write {wanted({'type': list(names)})}."


def _hint_for_list(value: object) -> str:
    if isinstance(value, dict) or value is None:
        return "Write a list."
    return f"Write it as a list: [{quoted(value)}]."


def _hint_for_scalar(value: object, schema: ParamSchema) -> str:
    if isinstance(value, dict | list) or value is None:
        return "Write one text, not a list." if isinstance(value, list) else "Write a text."
    if schema.get("x-secret"):
        return "Put it in quotes."
    return f'Put it in quotes: "{quoted(value)}".'


def _size_hint(value: object, schema: ParamSchema) -> str:
    """For a size such as `1024x768` where a mapping of width and height is asked for."""
    size = _SIZE.fullmatch(value) if isinstance(value, str) else None
    if size is None or not any({"width", "height"} <= set(each) for each in _fields(schema)):
        return ""
    return f"Write {{width: {size[1]}, height: {size[2]}}}."


def _fields(schema: ParamSchema) -> Iterator[Mapping[str, ParamSchema]]:
    for branch in schema.get("anyOf", ()):
        yield branch.get("properties", {})
