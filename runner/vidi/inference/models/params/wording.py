"""How values, paths and choices are said in a message about params."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vidi.inference.models.params.addresses import hide_url_secrets

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vidi.inference.models.param_schema import ParamSchema
    from vidi.inference.models.params.checked import At

SHOWN_CHOICES = 12
"""How many values of an enum a message lists."""
_SHOWN_LENGTH = 60
_TYPES = {
    "string": "text",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "array": "a list",
    "object": "a mapping",
}


def dotted(at: At) -> str:
    """A path as `image_size.width` or `image_urls[0]`."""
    said = "".join(f"[{step}]" if isinstance(step, int) else f".{_shortened(step)}" for step in at)
    return said.removeprefix(".")


def quoted(value: object) -> str:
    """A scalar as a message shows it: `'16:9'`, `true`, `0.5`; a long text is cut."""
    match value:
        case None:
            return "null"
        case bool():
            return str(value).lower()
        case str():
            return repr(_shortened(hide_url_secrets(value)))
        case _:
            return _shortened(str(value))


def described(value: object) -> str:
    """What a value is: `the text 'x'`, `a list`, `5`."""
    match value:
        case str():
            return f"the text {quoted(value)}"
        case dict():
            return "a mapping"
        case list():
            return "a list"
        case _:
            return quoted(value)


def kind_of(value: object) -> str:
    """What a value is, without showing it."""
    match value:
        case None | dict() | list():
            return described(value)
        case bool():
            return "true or false"
        case str():
            return "this text"
        case _:
            return "a number"


def counted(count: int, noun: str) -> str:
    """`1 item`, `2,500 characters`."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def listed(words: Sequence[str], last: str = "and") -> str:
    """`a, b and c`."""
    *before, final = words
    return f"{', '.join(before)} {last} {final}" if before else final


def type_names(schema: ParamSchema) -> tuple[str, ...]:
    """The JSON types that a schema names; none where it takes any value."""
    named = schema.get("type", ())
    return (named,) if isinstance(named, str) else tuple(named)


def choices_of(schema: ParamSchema) -> list[object]:
    """The values of a schema's enum, or of its scalar branches."""
    if "const" in schema:
        return [schema["const"]]
    own = list(schema.get("enum", ()))
    if schema.get("x-enum-open"):
        own = own[: len(own) // 2]
    return own + [each for branch in schema.get("anyOf", ()) for each in choices_of(branch)]


def wanted(schema: ParamSchema) -> str:
    """What a schema asks for, in words that follow "must be"."""
    if "anyOf" in schema:
        return " or ".join(dict.fromkeys(wanted(branch) for branch in schema["anyOf"]))
    choices = choices_of(schema)
    if choices:
        return _one_of(choices)
    required = schema.get("required", ())
    if required:
        return f"a mapping with {listed(required)}"
    return " or ".join(_TYPES[name] for name in type_names(schema)) or "a value"


def _one_of(choices: Sequence[object]) -> str:
    said = [quoted(choice) for choice in choices[:SHOWN_CHOICES]]
    more = len(choices) - len(said)
    if more:
        said.append(f"… ({more} more)")
    return f"one of {', '.join(said)}" if len(said) > 1 else said[0]


def _shortened(text: str) -> str:
    return text if len(text) <= _SHOWN_LENGTH else f"{text[: _SHOWN_LENGTH - 1]}…"
