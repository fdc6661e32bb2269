"""YAML 1.2's core schema: what a scalar without quotes means.

Source: https://yaml.org/spec/1.2.2/#103-core-schema. `NO`, `on`, `16:9` and dates are text.
"""

from __future__ import annotations

import re

from vidi.jobs.mistakes import MistakeError

Scalar = str | int | float | bool | None

_NOTHING = frozenset(("", "~", "null", "Null", "NULL"))
_TRUE = frozenset(("true", "True", "TRUE"))
_FALSE = frozenset(("false", "False", "FALSE"))
_INTEGER = re.compile(r"[-+]?[0-9]+")
_OCTAL_OR_HEX = re.compile(r"0o[0-7]+|0x[0-9a-fA-F]+")
_REAL = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_INFINITE = re.compile(r"[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)")
_MOST_DIGITS = 400
"""Longer numbers are a slip of the keyboard, and slow to convert."""

_MAY_START_A_VALUE = frozenset("-+.0123456789~nNtTfF")


def resolve(text: str) -> Scalar:
    """The value of a plain scalar.

    Raises:
        MistakeError: It is a number of more digits than anybody means.
    """
    if text and text[0] not in _MAY_START_A_VALUE:
        return text
    if text in _NOTHING:
        return None
    if text in _TRUE or text in _FALSE:
        return text in _TRUE
    return _number(text)


def _number(text: str) -> str | int | float:
    if _INTEGER.fullmatch(text):
        return int(_of_sane_length(text))
    if _OCTAL_OR_HEX.fullmatch(text):
        return int(_of_sane_length(text), 0)
    if _REAL.fullmatch(text):
        return float(_of_sane_length(text))
    if _INFINITE.fullmatch(text):
        return float(text.replace(".", "", 1))
    return text


def _of_sane_length(text: str) -> str:
    if len(text) <= _MOST_DIGITS:
        return text
    raise MistakeError(
        f"a number of {len(text):,} characters",
        hint="Put quotes around it if it is text.",
    )


_TAG = "tag:yaml.org,2002:"
_KINDS: dict[str, type | tuple[type, ...]] = {
    f"{_TAG}int": int,
    f"{_TAG}float": (int, float),
    f"{_TAG}bool": bool,
    f"{_TAG}null": type(None),
}
TEXT_TAGS = frozenset((f"{_TAG}str", "!"))
MAPPING_TAG, LIST_TAG = f"{_TAG}map", f"{_TAG}seq"


def resolve_tagged(text: str, tag: str) -> Scalar:
    """The value of a scalar with an explicit tag such as `!!int`.

    Raises:
        MistakeError: The tag is not one of the core schema, or the text does not fit it.
    """
    if tag in TEXT_TAGS:
        return text
    if tag not in _KINDS:
        raise refused_tag(tag)
    value = resolve(text)
    if not isinstance(value, _KINDS[tag]) or (isinstance(value, bool) and tag != f"{_TAG}bool"):
        raise MistakeError(f"{text!r} is not what its tag {_short_name(tag)} says")
    return float(value) if tag == f"{_TAG}float" and isinstance(value, int) else value


def refused_tag(tag: str) -> MistakeError:
    """The mistake of using a tag that job files do not have."""
    return MistakeError(
        f"the tag {_short_name(tag)} is not allowed here",
        kind="custom-tag",
        hint="Remove it: job files hold text, numbers, true, false, null, lists and mappings.",
    )


def _short_name(tag: str) -> str:
    return tag.replace(_TAG, "!!")
