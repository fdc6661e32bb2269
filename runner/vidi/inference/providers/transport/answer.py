"""What came back over the wire, whole and unread: the SDKs drop parts of it that we need."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from vidi.errors import PollError
from vidi.inference.models.params.addresses import hide_url_secrets

if TYPE_CHECKING:
    from vidi.inference.settings import Settings

Fields: TypeAlias = Mapping[str, object]
"""A JSON object as it came from outside."""

MOST_WORDS = 600
"""Characters of a provider's text that a message quotes."""
_HALF = re.compile(rb"\\u[dD][89a-fA-F]")
"""How JSON writes half of a character, alone or with the other half."""
DEEPEST = 100
"""Levels of a JSON value; what is nested deeper is no answer, and would break what walks it."""


@dataclass(frozen=True, slots=True)
class Answer:
    """One HTTP answer: its status, its headers by lower-case name, its decoded body."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def ok(self) -> bool:
        """Whether the status is 2xx."""
        return 200 <= self.status < 300

    def json(self) -> object:
        """The body as JSON; None where it is not JSON (a provider never answers `null` alone)."""
        try:
            value: object = json.loads(self.body)
        except (ValueError, RecursionError):
            return None
        if _is_deeper(value, DEEPEST):
            return None
        return _mend_texts(value) if _HALF.search(self.body) else value

    def fields(self) -> Fields:
        """The body as a JSON object; empty where it is anything else."""
        value = self.json()
        return value if isinstance(value, dict) else {}

    def text(self) -> str:
        """The start of the body on one line, for a message."""
        return shorten(self.body[: 4 * MOST_WORDS].decode("utf-8", errors="replace"))

    def redacted(self, settings: Settings) -> Answer:
        """The same answer without any key that a provider may have echoed in an error."""
        body = settings.redact(self.body.decode("utf-8", errors="replace")).encode()
        return Answer(self.status, self.headers, body)


class NoAnswerError(Exception):
    """A request ended without a readable answer. `unsent` only where that is proved."""

    def __init__(self, message: str, *, unsent: bool) -> None:
        super().__init__(message)
        self.unsent = unsent


def _is_deeper(value: object, levels: int) -> bool:
    """Whether a JSON value is nested deeper than so many levels; itself without recursion."""
    level = [value]
    for _ in range(levels):
        inner: list[object] = []
        for each in level:
            if isinstance(each, dict):
                inner += each.values()
            elif isinstance(each, list):
                inner += each
        level = [each for each in inner if isinstance(each, dict | list)]
        if not level:
            return False
    return True


def _mend_texts(value: object) -> object:
    """The same value, with a mark for each half of a character: no file and no URL can hold one."""
    if isinstance(value, str):
        return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    if isinstance(value, list):
        return [_mend_texts(each) for each in value]
    if isinstance(value, dict):
        return {str(_mend_texts(name)): _mend_texts(each) for name, each in value.items()}
    return value


def shorten(text: str) -> str:
    """Bring a provider's text to one line of bounded length, without the secrets in its URLs."""
    line = hide_url_secrets(" ".join(text.split()))
    return line if len(line) <= MOST_WORDS else f"{line[: MOST_WORDS - 1]}…"


def read_items(page: Fields, name: str) -> list[Fields]:
    """The objects of one page of a list.

    Raises:
        PollError: It is no list, so that a count of it would say nothing.
    """
    items = page.get(name)
    if not isinstance(items, list):
        raise PollError(f"a list of requests cannot be read: '{name}' is not a list")
    return [each for each in items if isinstance(each, dict)]
