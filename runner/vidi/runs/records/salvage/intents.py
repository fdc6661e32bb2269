"""An intent that is not whole: what is known of it all the same, and how sure that is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vidi.inference.tracking.journal.events import InferenceState
from vidi.inference.tracking.journal.fold import apply_event

if TYPE_CHECKING:
    from vidi.inference.tracking.journal.event_types import Event
    from vidi.runs.records.manifest.shape import InferenceShape
    from vidi.runs.records.salvage.purchases import Purchase

UNKNOWN = "unknown"
"""The model and fingerprint of a purchase of which nobody knows what it was: nothing is like it."""
_EARLIEST = "1970-01-01T00:00:00+00:00"


def restore_intent(purchase: Purchase, row: InferenceShape | None) -> tuple[Event, bool]:
    """Make an intent of what is known.

    Args:
        purchase: The purchase that it begins.
        row: What the manifest says of the id; None where it says nothing of this purchase.

    Returns:
        The intent, and whether it is sure that this was bought: its own fingerprint and the
        manifest's agree, or the manifest alone says what was made.
    """
    told = _read(purchase)
    if told is not None and (row is None or row["fingerprint"] == told["fingerprint"]):
        return told, row is not None
    if row is not None and row["fingerprint"]:
        made = row["status"] in {"succeeded", "unchanged"}
        return _compose(purchase, row), made and told is None
    return _compose(purchase, None), False


def _read(purchase: Purchase) -> Event | None:
    """The line as it can be read, where it says all that an intent must."""
    event = purchase.begin.event
    if event is None:
        return None
    event = {**event, "event": "intent", "id": purchase.id}
    try:
        apply_event(InferenceState(purchase.id), event)
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError):
        return None
    return event


def _compose(purchase: Purchase, row: InferenceShape | None) -> Event:
    """An intent that says what the manifest does, or that nothing is known."""
    cost = row["cost_usd"] if row is not None else None
    high = (cost["estimated_high"] if cost else 0) or 0
    first = next((line.event["ts"] for line in purchase.lines if line.event), _EARLIEST)
    return {
        "ts": first,
        "run": purchase.begin.run,
        "seq": purchase.begin.seq,
        "event": "intent",
        "id": purchase.id,
        "attempt": 1,
        "model": row["model"] if row is not None else UNKNOWN,
        "fingerprint": row["fingerprint"] if row is not None else UNKNOWN,
        "params": dict(row["params"]) if row is not None else {},
        "inputs": {},
        "reserved_usd": high,  # type: ignore[typeddict-item]  # a number of JSON's, as read back
        "estimate_usd": {"low": 0, "high": high},  # type: ignore[typeddict-item]
    }
