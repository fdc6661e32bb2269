"""Secrets kept out of records: whatever text they are a part of, by whatever route they came."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from vidi.inference.settings import SHORTEST_SECRET

if TYPE_CHECKING:
    from collections.abc import Iterable

REDACTED = "[redacted]"
_WORDS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
_SECRET_WORDS = frozenset(
    {"apikey", "authorization", "credential", "credentials", "key", "passwd", "password"}
    | {"secret", "token"}
)


def says_secret(name: str) -> bool:
    """Whether a name says that its value is a secret, such as `api_token` and `openaiKey`."""
    words = _WORDS.findall(name)
    return bool(words) and words[-1].lower() in _SECRET_WORDS


def list_texts(secrets: Iterable[str]) -> tuple[str, ...]:
    """What to look for: each secret and, of a fal key, both halves; the longest first.

    A shorter one than 8 characters would be found in innocent text too.
    """
    parts = {part for secret in secrets for part in (secret, *secret.split(":"))}
    found = (part for part in parts if len(part) >= SHORTEST_SECRET)
    return tuple(sorted(found, key=len, reverse=True))


def redact_texts(value: object, texts: tuple[str, ...]) -> object:
    """Copy a JSON value without these texts, in its keys too."""
    if isinstance(value, str):
        for text in texts:
            value = value.replace(text, REDACTED)
        return value
    if isinstance(value, dict):
        return {redact_texts(key, texts): redact_texts(each, texts) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [redact_texts(each, texts) for each in value]
    return value
