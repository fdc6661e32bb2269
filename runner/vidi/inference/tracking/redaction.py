"""Secrets kept out of records: whatever text they are a part of, by whatever route they came."""

from __future__ import annotations

from operator import is_
from typing import TYPE_CHECKING

from vidi.known_secrets import REDACTED, SecretTexts, list_texts, says_secret
from vidi.strict_json import write_json

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["REDACTED", "SecretTexts", "list_texts", "look_for", "redact_texts", "says_secret"]

_FEW = 100
"""Texts that are looked for one after the other."""


def redact_texts(value: object, texts: tuple[str, ...]) -> object:
    """A JSON value without these texts, in its keys too; the very same where none is in it."""
    secrets = texts if isinstance(texts, SecretTexts) else SecretTexts(texts)
    return _redact(value, secrets) if secrets else value


def _redact(value: object, secrets: SecretTexts) -> object:
    if isinstance(value, str):
        return secrets.hide(value)
    if isinstance(value, dict):
        pairs = [(_redact(key, secrets), _redact(each, secrets)) for key, each in value.items()]
        same = all(key in value and value[key] is each for key, each in pairs)
        return value if same else dict(pairs)
    if isinstance(value, list | tuple):
        items = [_redact(each, secrets) for each in value]
        return value if all(map(is_, items, value)) else items
    return value


def look_for(texts: tuple[str, ...]) -> Callable[[str], bool]:
    """What tells whether a value may have any of these texts in it, by its JSON.

    One look at a row of a manifest instead of one at each of its texts. The JSON is as `write_json`
    has it: each character of a text is written by itself, so that nothing is missed.
    """
    if len(texts) > _FEW:
        return lambda _: True
    forms = [write_json(each, str)[1:-1] for each in texts]
    return lambda json_text: any(form in json_text for form in forms)
