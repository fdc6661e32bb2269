"""The journal in memory: what an engine keeps that was given no file to write to."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Self

from vidi.inference.tracking.journal.events import InferenceState
from vidi.inference.tracking.journal.fold import apply_event
from vidi.inference.tracking.journal.journal import as_recorded

if TYPE_CHECKING:
    from types import TracebackType

    from vidi.inference.tracking.journal.event_types import Event
    from vidi.inference.tracking.journal.events import EventKind


class MemoryJournal:
    """A journal that lasts as long as its process.

    Args:
        run: The id of this run, as each event has it.
    """

    def __init__(self, *, run: str) -> None:
        self._run = run
        self.states: dict[str, InferenceState] = {}
        self.shelf: dict[str, InferenceState] = {}
        self.header: Event | None = None
        self.headers: list[Event] = []
        self.secrets: tuple[str, ...] = ()

    def keep_out(self, secrets: tuple[str, ...]) -> None:
        """Nothing is written that a secret could be left out of."""

    async def append(
        self, event: EventKind, inference: str | None = None, **fields: object
    ) -> None:
        """Take one event in, as a file would give it back."""
        known = {"ts": datetime.now(UTC), "run": self._run, "event": event, "id": inference}
        record: Event = as_recorded({**known, **fields})
        if inference is not None:
            state = self.states.get(inference) or InferenceState(id=inference)
            self.states[inference] = apply_event(state, record)

    def forget(self, inference: str) -> None:
        """Let go of an inference that nobody can ask for again."""
        self.states.pop(inference, None)

    def close(self) -> None:
        """Nothing to close: there is no file."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()
