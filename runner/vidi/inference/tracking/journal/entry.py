"""An event on its way to the journal's file, and as it is read back from there.

A run keeps the state of every inference until its end. Two thirds of it are the names of fields,
models, units and sources, prices and their breakdown, which thousands have in common: what is read
back holds each of them once.
"""

from __future__ import annotations

import json
from decimal import Decimal
from functools import lru_cache
from sys import intern
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from vidi.errors import StorageError
    from vidi.inference.tracking.journal.event_types import Event
    from vidi.inference.tracking.journal.events import EventKind

_REPEATED = frozenset(
    {
        "basis",
        "content_type",
        "event",
        "key",
        "label",
        "model",
        "priced_as_of",
        "run",
        "since",
        "source",
        "status",
        "unit",
    }
)
"""Fields whose texts come again in other events."""
MOST_BREAKDOWNS = 1024
"""That many different ones are looked for; a price by the character has no end of them."""


class Entry(NamedTuple):
    """An event as JSON around its number in the run, which it gets when it is written."""

    event: EventKind
    inference: str | None
    before: str
    after: str


class Written(NamedTuple):
    """What came of an entry."""

    event: Event | None
    """As it would be read back; None where it is not on record."""
    error: StorageError | None = None
    """Why whoever waits must not go on."""


class SharingReader:
    """Reads lines of a journal. Belongs to one thread."""

    def __init__(self) -> None:
        self._breakdowns: dict[str, object] = {}
        self._decoder = json.JSONDecoder(parse_float=_read_number, object_pairs_hook=self._make)

    def read(self, line: str) -> Event:
        """The event of a line that has just been written."""
        event: Event = self._decoder.decode(line)
        return event

    def _make(self, pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        made = {
            intern(name): intern(value) if name in _REPEATED and type(value) is str else value
            for name, value in pairs
        }
        lines = made.get("breakdown")
        if lines and made.get("event") == "intent":
            made["breakdown"] = self._share(lines)
        return made

    def _share(self, breakdown: object) -> object:
        if len(self._breakdowns) < MOST_BREAKDOWNS:
            return self._breakdowns.setdefault(repr(breakdown), breakdown)
        return self._breakdowns.get(repr(breakdown), breakdown)


@lru_cache(maxsize=4096)
def _read_number(text: str) -> Decimal:
    return Decimal(text)
