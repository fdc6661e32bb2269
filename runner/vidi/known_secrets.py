"""The secrets that a command has met: what is kept out of all that it prints, and of its crashes.

Keys of the environment and of `.env`, variables whose names say that they are secrets, params that
a template marks so. What is recorded (journal, manifest, report) leaves them out where it is made;
this is for what nobody could foresee: a library's own words, a traceback.
"""

from __future__ import annotations

import json
import re
from functools import cached_property, lru_cache
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
_PARTS = re.compile(r":|^(?:bearer|key|token)\s+", re.IGNORECASE)
_FEW = 20
"""Secrets that are looked for one after the other."""


class SecretTexts(tuple[str, ...]):
    """Texts to look for, the longest first; 100,000 rows of a table may have one each."""

    def hide(self, text: str) -> str:
        """A text without any of them."""
        if len(self) <= _FEW:
            for secret in self:
                text = text.replace(secret, REDACTED)
            return text
        return self._hide_many(text)

    @cached_property
    def _by_start(self) -> dict[str, list[str]]:
        by_start: dict[str, list[str]] = {}
        for secret in self:
            by_start.setdefault(secret[:SHORTEST_SECRET], []).append(secret)
        return by_start

    def _hide_many(self, text: str) -> str:
        kept: list[str] = []
        at = done = 0
        while at <= len(text) - SHORTEST_SECRET:
            known = self._by_start.get(text[at : at + SHORTEST_SECRET], ())
            found = next((each for each in known if text.startswith(each, at)), "")
            if found:
                kept += (text[done:at], REDACTED)
                done = at + len(found)
            at = done if found else at + 1
        return "".join((*kept, text[done:])) if kept else text


_known: set[str] = set()
_in_order: list[SecretTexts] = []
"""The known ones as they are looked for; empty where one was added since."""


@lru_cache(maxsize=4096)
def says_secret(name: str) -> bool:
    """Whether a name says that its value is a secret, such as `api_token` and `openaiKey`."""
    words = _WORDS.findall(name)
    return bool(words) and words[-1].lower() in _SECRET_WORDS


def list_texts(secrets: Iterable[str]) -> SecretTexts:
    """What to look for: each secret and, of a fal key or a header, its parts; the longest first."""
    parts = {part for secret in secrets for part in (secret, *_PARTS.split(secret))}
    found = (part for part in parts if len(part) >= SHORTEST_SECRET)
    return SecretTexts(sorted(found, key=len, reverse=True))


def remember_secrets(secrets: Iterable[str]) -> None:
    """Keep these texts out of what is printed from now on."""
    for text in list_texts(secrets):
        _known.update((text, quote(text, safe=""), json.dumps(text)[1:-1], repr(text)[1:-1]))
    _in_order.clear()


def forget_secrets() -> None:
    """Begin anew: a process may run several commands."""
    _known.clear()
    _in_order.clear()


def hide_secrets(text: str) -> str:
    """A text without any secret that is known."""
    if not _in_order:
        _in_order.append(SecretTexts(sorted(_known, key=len, reverse=True)))
    return _in_order[0].hide(text)
