"""Entries that have another id now: what they ask for was bought under an id that gave it up."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping

    from vidi.inference.lifecycle.assets.place import AssetPlaces
    from vidi.inference.request import InferenceRequest
    from vidi.inference.tracking.journal.events import InferenceState
    from vidi.runs.planning.deciding.reasons import Decision


def find_renames(
    wanting: Iterable[InferenceRequest],
    holders: Iterable[InferenceState],
    places: AssetPlaces,
) -> dict[str, str]:
    """Match entries with purchases of the same fingerprint; each purchase goes to one entry.

    Args:
        wanting: What is asked for under ids that do not have it, in file order.
        holders: What was bought under ids that do not ask for it, in the order it was bought.
        places: The files of the output folder.

    Returns:
        New id to old id.
    """
    held: dict[str, list[InferenceState]] = {}
    for state in holders:
        held.setdefault(state.fingerprint, []).append(state)
    renames = {}
    for request in wanting:
        if same := next(filter(None, map(held.get, request.fingerprints)), None):
            nearest = min(same, key=lambda state: _measure_distance(request, state, places))
            same.remove(nearest)
            renames[request.id] = nearest.id
    return renames


def _measure_distance(
    request: InferenceRequest, state: InferenceState, places: AssetPlaces
) -> tuple[bool, bool]:
    """How far a purchase is from being home: files that are lost, files that must be moved."""
    placed = places.look_for(request, state.assets)
    lost = not placed or any(each.at is None for each in placed)
    return lost, any(each.at != each.home for each in placed)


def list_holders(
    states: Mapping[str, InferenceState], satisfied: Collection[str]
) -> Iterator[InferenceState]:
    """What was bought under an id whose entry, if it has one, asks for something else now."""
    for state in states.values():
        bought = state.was_made or state.unsettled or state.status == "moderated"
        if bought and state.id not in satisfied:
            yield state


def explain_rename(decision: Decision, old: str) -> Decision:
    """Say where an entry has its purchase from: where nothing else is to be said, that is all."""
    told = f"renamed from {old}"
    if decision.action == "unchanged":
        return decision._replace(action="move", reason=told, local=True)
    if decision.action == "move":
        return decision._replace(reason=told)
    return decision._replace(reason=f"{told}; {decision.reason}")
