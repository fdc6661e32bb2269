"""What can be saved of a damaged journal, as a journal that vidi reads.

Of the last purchase of each id there is kept what a run that was killed at that point would have
left: the next one goes on from there, fetches what has a receipt for nothing, and sends nothing
that is in doubt. Where a line is gone, one that says `lost` has its number, so that nothing that
refers to other lines by theirs goes wrong.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from vidi.inference.tracking.journal.checksum import add_checksum
from vidi.inference.tracking.journal.journal import dump_line
from vidi.inference.tracking.journal.replay import Replay
from vidi.runs.records.salvage.intents import UNKNOWN, restore_intent
from vidi.runs.records.salvage.purchases import Purchases

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from vidi.inference.tracking.journal.event_types import Event
    from vidi.inference.tracking.journal.events import InferenceState
    from vidi.runs.records.manifest.shape import InferenceShape
    from vidi.runs.records.salvage.lines import JournalLine
    from vidi.runs.records.salvage.purchases import Purchase

LOST = "lost"
"""The kind of the event that stands where a line is gone: one that every vidi passes over."""
Fate = Literal["whole", "unfinished", "in doubt"]
_UNSURE = frozenset({"settled", "refused", "unfinished", "in_doubt", "repriced"})
"""What is left out of a purchase that must be asked for again."""
_OF_RECEIPT = frozenset({"submitted", "completed"})
_EVERY_ERROR = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError)


@dataclass(frozen=True, slots=True)
class SavedInference:
    """What becomes of one inference."""

    id: str
    fate: Fate
    flaws: tuple[JournalLine, ...]
    """The lines of it that are not whole."""
    request_id: str | None


@dataclass(frozen=True, slots=True)
class SavedJournal:
    """A journal without its flaws."""

    content: bytes
    inferences: tuple[SavedInference, ...]
    states: Mapping[str, InferenceState]


def save(lines: Sequence[JournalLine], rows: Mapping[str, InferenceShape]) -> SavedJournal:
    """Make a journal of what is whole.

    Args:
        lines: The lines in their order, the missing ones among them.
        rows: Each inference of manifest.json, which is a second witness of what was bought.
    """
    events = {(line.run, line.seq): line.event for line in lines if not line.flaw}
    legible = {
        (line.run, line.seq): line.event
        for line in lines
        if line.kind in {"run_started", "renamed"} and line.event is not None
    }
    events.update(legible)
    inferences = []
    for key, purchases in Purchases(lines).by_id.items():
        earlier = {str((each.begin.event or {}).get("fingerprint")) for each in purchases[:-1]}
        row = rows.get(key)
        known = row if row is not None and row["fingerprint"] not in earlier else None
        inferences.append(_settle(purchases[-1], known, events))
        for each in purchases[:-1]:
            if each.begin.flaw:  # of an intent that is gone nothing is to be made any more
                _drop(each.lines, events)
    content, states = _write(lines, events)
    return SavedJournal(content, tuple(inferences), states)


def _settle(
    purchase: Purchase,
    row: InferenceShape | None,
    events: dict[tuple[str, int], Event | None],
) -> SavedInference:
    """Decide how much of the last purchase of an id is kept."""
    sure = not purchase.begin.flaw
    if not sure:
        place = (purchase.begin.run, purchase.begin.seq)
        events[place], sure = restore_intent(purchase, row)
    known = (events.get((purchase.begin.run, purchase.begin.seq)) or {}).get("model") != UNKNOWN
    fate: Fate = "whole"
    if not (sure and purchase.ended):
        keeps = purchase.request_id is not None and known
        gone = _UNSURE if keeps else _UNSURE | _OF_RECEIPT
        _drop([each for each in purchase.lines if each.kind in gone], events)
        fate = "unfinished" if keeps else "in doubt"
    return SavedInference(purchase.id, fate, tuple(purchase.flaws), purchase.request_id)


def _drop(lines: Sequence[JournalLine], events: dict[tuple[str, int], Event | None]) -> None:
    events.update(dict.fromkeys(((line.run, line.seq) for line in lines), None))


def _write(
    lines: Sequence[JournalLine], events: Mapping[tuple[str, int], Event | None]
) -> tuple[bytes, Mapping[str, InferenceState]]:
    replay, written, last = Replay(), bytearray(), "1970-01-01T00:00:00+00:00"
    for place, line in enumerate(lines):
        event = events.get((line.run, line.seq))
        at: Event = {"run": line.run, "seq": line.seq}  # whatever a flawed line says of itself
        event = {**event, **at} if event is not None else None
        if event is None or not _makes_sense(event, replay):
            event = {"ts": last, **at, "event": LOST}
        last = event["ts"]
        text = dump_line({name: each for name, each in event.items() if name != "sum"})
        written += (
            add_checksum(text.encode(errors="replace"), place if line.seq == 1 else 0) + b"\n"
        )
    return bytes(written), replay.states


def _makes_sense(event: Event, replay: Replay) -> bool:
    try:
        replay.take_in(event)
    except _EVERY_ERROR:
        return False
    return True
