"""Secrets kept out of records: whatever text they are a part of, by whatever route they came."""

from __future__ import annotations

from vidi.known_secrets import REDACTED, list_texts, says_secret

__all__ = ["REDACTED", "list_texts", "redact_texts", "says_secret"]


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
