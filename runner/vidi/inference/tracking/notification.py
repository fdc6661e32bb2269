"""`notify` in vidi.toml, and VIDI_NOTIFY: who is told how a run ended.

The file may come from a stranger's branch: its address gets no key and nothing that the run asked
for or was answered, and it must be one of the open internet. What the environment names is trusted.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeVar
from urllib.parse import urlsplit

from vidi.errors import UsageError
from vidi.inference.models.suggest import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

NOTIFY = "VIDI_NOTIFY"
"""The variable that names another address than vidi.toml does; `off` for none."""
Shape = Literal["json", "slack"]
Occasion = Literal["always", "failure"]
_SHAPES: tuple[Shape, ...] = ("json", "slack")
_OCCASIONS: tuple[Occasion, ...] = ("always", "failure")
_KNOWN = ("url", "shape", "on")
_SLACK = "hooks.slack.com"
_Word = TypeVar("_Word", bound=str)


@dataclass(frozen=True, slots=True)
class Notification:
    """Where a run's end is told, in which words, and when."""

    url: str
    shape: Shape = "json"
    on: Occasion = "always"
    trusted: bool = False
    """Whether the environment named the address, and no file of the project."""

    @property
    def host(self) -> str:
        """What may be shown of the address: the rest of a webhook's is a secret."""
        return urlsplit(self.url).hostname or ""


def read_notification(
    tables: Iterable[tuple[str, Mapping[str, object]]], environ: Mapping[str, str]
) -> Notification | None:
    """Read who is told; the environment's address takes the place of the project's.

    Args:
        tables: The project's settings, each with the name of its file; the last one wins.
        environ: The environment, over the `.env`.

    Raises:
        UsageError: It is no address of the web, or a word is not known.
    """
    told: Mapping[str, object] = {}
    where = ""
    for name, table in tables:
        if "notify" in table:
            told, where = _read_table(table["notify"], name), f"notify in {name}"
    given = environ.get(NOTIFY, "").strip()
    if given == "off":
        return None
    url = given or told.get("url")
    if url is None:
        return None
    checked = _check_url(url, NOTIFY if given else where)
    shape = _choose(told.get("shape"), _SHAPES, where) or _find_shape(checked)
    on = _choose(told.get("on"), _OCCASIONS, where) or "always"
    # From the environment itself: a `.env` is a file of the project too.
    return Notification(checked, shape, on, bool(given) and os.environ.get(NOTIFY) == given)


def _read_table(value: object, where: str) -> Mapping[str, object]:
    if isinstance(value, str):
        return {"url": value}
    if not isinstance(value, dict):
        raise UsageError(
            f"notify in {where} is '{value}', which is not an address",
            hint='Write notify = "https://…", or a table with url, shape and on.',
        )
    for key in value:
        if key not in _KNOWN:
            hint = did_you_mean(key, _KNOWN) or f"Known: {', '.join(_KNOWN)}."
            raise UsageError(f"notify in {where} has '{key}', which vidi does not know", hint=hint)
    return value


def _check_url(value: object, where: str) -> str:
    """The address; the message does not repeat it, as it may be a secret."""
    text = value.strip() if isinstance(value, str) else ""
    try:
        parts = urlsplit(text)
        whole = parts.scheme in {"http", "https"} and bool(parts.hostname) and text.isascii()
        _ = parts.port
    except ValueError:
        whole = False
    if not whole or not text.isprintable() or " " in text:
        raise UsageError(
            f"{where} is not a web address", hint="Write the https:// address of a webhook."
        )
    return text


def _find_shape(url: str) -> Shape:
    return "slack" if urlsplit(url).hostname == _SLACK else "json"


def _choose(value: object, words: tuple[_Word, ...], where: str) -> _Word | None:
    if value is None:
        return None
    for word in words:
        if value == word:
            return word
    raise UsageError(f"{where} says '{value}'", hint=f"Write one of {', '.join(words)}.")
