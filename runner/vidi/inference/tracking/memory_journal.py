"""The journal in memory: what an engine keeps that was given no file to write to."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from vidi.inference.tracking.events import InferenceState, apply_event
from vidi.inference.tracking.journal import as_recorded

if TYPE_CHECKING:
    from collections.abc import Mapping


class MemoryJournal:
    """A journal that lasts as long as its process.

    Args:
        run: The id of this run, as each event has it.
    """

    def __init__(self, *, run: str) -> None:
        self._run = run
        self.states: dict[str, InferenceState] = {}
        self.header: Mapping[str, Any] | None = None
        self.headers: list[Mapping[str, Any]] = []

    def append(self, event: str, inference: str | None = None, **fields: Any) -> None:
        """Take one event in, as a file would give it back."""
        record = as_recorded({"ts": datetime.now(UTC), "run": self._run, "event": event, **fields})
        if inference is not None:
            state = self.states.get(inference) or InferenceState(id=inference)
            self.states[inference] = apply_event(state, {**record, "id": inference})

    def forget(self, inference: str) -> None:
        """Let go of an inference that nobody can ask for again."""
        self.states.pop(inference, None)

    def close(self) -> None:
        """Nothing to close: there is no file."""
