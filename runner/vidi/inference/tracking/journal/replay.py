"""A journal read from its first line: how each id stands, and what was bought and has made way.

Most events are about one id, and change its state alone (`events.py`). Three are about where a
purchase belongs: `renamed` gives it another id, `restored` brings one back that had made way, and
`taken` brings one from the store. None of them buys anything, and none of them forgets anything.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from vidi.inference.tracking.journal.events import InferenceState
from vidi.inference.tracking.journal.fold import apply_event, enter_run, own
from vidi.inference.tracking.journal.shapes import check_shape

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from vidi.inference.tracking.journal.event_types import Event
    from vidi.inference.tracking.journal.events import AssetRecord


class Replay:
    """What a journal says, kept up with event by event."""

    def __init__(self) -> None:
        self.states: dict[str, InferenceState] = {}
        """How each id stands."""
        self.shelf: dict[str, InferenceState] = {}
        """What was bought under an id that has something else now, by the name of the purchase.

        It has no charges: those stay with the id, so that the ledger counts each of them once.
        """
        self._numbers: dict[str, int] = {}
        """The highest number that each fingerprint was bought with."""
        self._shelved_at: dict[str, str] = {}
        """The path of each shelved asset, and whose it is."""

    def list_places(self) -> tuple[Mapping[str, int], Mapping[str, str]]:
        """What it needs to go on, beside states and shelf: for `restore_places`."""
        return self._numbers, self._shelved_at

    def restore_places(self, numbers: Mapping[str, int], shelved_at: Mapping[str, str]) -> None:
        """Go on where another has left off."""
        self._numbers, self._shelved_at = dict(numbers), dict(shelved_at)

    def take_in(self, event: Event) -> None:
        """Fold one more event in.

        Raises:
            ArithmeticError, AttributeError, LookupError, TypeError, ValueError: It makes no sense.
        """
        check_shape(event)
        if event["event"] == "renamed":
            self._rename(event["ids"])
        elif event["event"] == "restored":
            self._restore(event)
        elif event.get("id") is not None:
            self._apply(event)

    def _apply(self, event: Event) -> None:
        key, kind = event["id"], event["event"]
        state = self.states.get(key) or InferenceState(id=key)
        if kind in {"intent", "taken"}:
            if kind == "intent" or state.fingerprint != event["fingerprint"]:
                self._shelve(state)
            event = self._number(state, event)
        self.states[key] = apply_event(state, event)
        for asset in (event,) if kind == "asset" else event.get("assets", ()):
            if asset.get("replaced"):
                self._follow(asset["path"], asset["replaced"] or "")

    def _number(self, state: InferenceState, event: Event) -> Event:
        """Count the purchases that are exactly alike, where an older journal does not."""
        fingerprint = event["fingerprint"]
        highest = self._numbers.get(fingerprint, 0)
        if "number" not in event:
            again = state.fingerprint == fingerprint
            event = {**event, "number": state.number if again else highest + 1}
        self._numbers[fingerprint] = max(highest, event["number"])
        return event

    def _rename(self, ids: Mapping[str, str]) -> None:
        self.states, displaced = rename_states(self.states, ids)
        for state in displaced:
            self._shelve(state)

    def _restore(self, event: Event) -> None:
        key = event["id"]
        state = enter_run(self.states.get(key) or InferenceState(id=key), event)
        self._shelve(state)
        kept = self.shelf.pop(event["purchase"])
        self.states[key] = _keep_history(
            replace(kept, id=key, run=state.run, spent=state.spent, receipts=()), state
        )

    def _shelve(self, state: InferenceState) -> None:
        """Keep a purchase that makes way for another, where there is something to come back to."""
        if not state.purchase or not (state.was_made or state.status == "moderated"):
            return
        self.shelf[state.purchase] = replace(state, charges=(), owned=())
        self._shelved_at.update((asset.path, state.purchase) for asset in state.assets)

    def _follow(self, path: str, kept: str) -> None:
        """Note where the file of a shelved asset is kept, now that another has its place."""
        purchase = self._shelved_at.pop(path, None)
        if purchase is None or purchase not in self.shelf:
            return
        state = self.shelf[purchase]
        self.shelf[purchase] = replace(
            state, assets=tuple(_move_asset(asset, path, kept) for asset in state.assets)
        )
        self._shelved_at[kept] = purchase


def replay(events: Iterable[Event]) -> Replay:
    """Fold events, in order, into what they say together."""
    replayed = Replay()
    for event in events:
        replayed.take_in(event)
    return replayed


def rename_states(
    states: Mapping[str, InferenceState], ids: Mapping[str, str]
) -> tuple[dict[str, InferenceState], list[InferenceState]]:
    """Give each new id the purchase of an old one, all at once.

    What a new id had before makes way. Where that is not settled yet, it goes to the id that became
    free in its chain: what may still be billed is never out of sight.

    Args:
        states: How each id stands.
        ids: New id to old id.

    Returns:
        How each id stands then, and the settled purchases that made way.
    """
    after = {key: state for key, state in states.items() if key not in set(ids.values())}
    made_way = []
    for new, old in ids.items():
        state = replace(states[old], id=new)
        before = after.get(new)
        if before is not None and before.unsettled:
            start = _find_start(new, ids)
            after[start] = replace(before, id=start)
        elif before is not None:
            made_way.append(before)
            state = _keep_history(state, before)
        after[new] = state
    return after, made_way


def _find_start(new: str, ids: Mapping[str, str]) -> str:
    """The id that became free where a chain of renamings begins."""
    while new in ids:
        new = ids[new]
    return new


def _keep_history(state: InferenceState, before: InferenceState) -> InferenceState:
    """A purchase that comes to an id which has a history of its own: charges, files, receipts."""
    return replace(
        state,
        charges=(*before.charges, *state.charges),
        owned=own(before.owned, state.owned),
        receipts=(*before.receipts, *state.receipts),
    )


def _move_asset(asset: AssetRecord, path: str, kept: str) -> AssetRecord:
    return replace(asset, path=kept) if asset.path == path else asset
