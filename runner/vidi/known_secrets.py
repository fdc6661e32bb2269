"""The secrets that a command has met: what is kept out of all that it prints, and of its crashes.

Keys of the environment and of `.env`, variables whose names say that they are secrets, params that
a template marks so. What is recorded (journal, manifest, report) leaves them out where it is made;
this is for what nobody could foresee: a library's own words, a traceback.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING
from urllib.parse import quote

if TYPE_CHECKING:
    from collections.abc import Iterable

SHORTEST_SECRET = 8
"""Characters; a shorter one would be found in innocent text too."""
REDACTED = "[redacted]"
_WORDS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
_SECRET_WORDS = frozenset(
    {"apikey", "authorization", "credential", "credentials", "key", "passwd", "password"}
    | {"secret", "token"}
)
_known: set[str] = set()


def says_secret(name: str) -> bool:
    """Whether a name says that its value is a secret, such as `api_token` and `openaiKey`."""
    words = _WORDS.findall(name)
    return bool(words) and words[-1].lower() in _SECRET_WORDS


def list_texts(secrets: Iterable[str]) -> tuple[str, ...]:
    """What to look for: each secret and, of a fal key, both halves; the longest first."""
    parts = {part for secret in secrets for part in (secret, *secret.split(":"))}
    found = (part for part in parts if len(part) >= SHORTEST_SECRET)
    return tuple(sorted(found, key=len, reverse=True))


def remember_secrets(secrets: Iterable[str]) -> None:
    """Keep these texts out of what is printed from now on."""
    for text in list_texts(secrets):
        _known.update((text, quote(text, safe=""), json.dumps(text)[1:-1], repr(text)[1:-1]))


def forget_secrets() -> None:
    """Begin anew: a process may run several commands."""
    _known.clear()


def hide_secrets(text: str) -> str:
    """A text without any secret that is known."""
    for secret in sorted(_known, key=len, reverse=True):
        text = text.replace(secret, REDACTED)
    return text
