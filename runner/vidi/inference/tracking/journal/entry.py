"""An event on its way to the journal's file, and what came of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from vidi.errors import StorageError
    from vidi.inference.tracking.journal.event_types import Event
    from vidi.inference.tracking.journal.events import EventKind


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
