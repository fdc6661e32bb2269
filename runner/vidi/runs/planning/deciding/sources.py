"""Where an inference may come from for nothing: what was bought before, here and in the store.

What is exactly alike is numbered: each number is one purchase, and belongs to one entry of a job.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Protocol

from vidi.hashed_set import HashedSet
from vidi.inference.outputs.keeping.asset_store import REPLACED
from vidi.runs.planning.deciding.reasons import Decision

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from vidi.inference.lifecycle.assets.place import AssetPlaces, PlacedAsset
    from vidi.inference.request import InferenceRequest
    from vidi.inference.store.record import StoreRecord
    from vidi.inference.tracking.journal.events import AssetRecord, InferenceState


class Stock(Protocol):
    """What the store has, as a plan asks for it."""

    def list_numbers(self) -> Mapping[str, Collection[int]]:
        """Fingerprint to the numbers of its purchases."""

    def list_assets(self, fingerprint: str, number: int) -> Iterable[AssetRecord]:
        """What one purchase made."""

    def read(self, fingerprint: str, number: int) -> StoreRecord:
        """One purchase."""


class Sources:
    """What may be had again, and which entry has what already.

    Args:
        shelf: What was bought in this folder and has made way, by the purchase's name.
        store: What the store has, which is asked once, and only where it matters.
        places: The files of the folder; an edited one stands for what was bought.
        bought: The same files; only what was bought counts.
        kept: Whether there is room for what every entry has; else it is known by its hash.
    """

    def __init__(
        self,
        shelf: Mapping[str, InferenceState],
        store: Stock | None,
        places: AssetPlaces,
        bought: AssetPlaces,
        *,
        kept: bool = True,
    ) -> None:
        self.places = places
        self.bought = bought
        self._shelf: dict[str, dict[str, InferenceState]] = {}
        self.shelve(shelf.values())
        self._store = store
        self._claimed: set[tuple[str, int]] | HashedSet = set() if kept else HashedSet()
        self._free_from: dict[str, int] = {}
        """The number from which on one may be free of a fingerprint, where several have it."""

    @cached_property
    def _stored(self) -> Mapping[str, Collection[int]]:
        """Fingerprint to the numbers that the store has of it."""
        return self._store.list_numbers() if self._store is not None else {}

    def shelve(self, states: Iterable[InferenceState]) -> None:
        """Put purchases on the shelf."""
        for state in states:
            self._shelf.setdefault(state.fingerprint, {})[state.purchase] = state

    def knows(self, fingerprint: str) -> bool:
        """Whether anything of that fingerprint is on the shelf or in the store."""
        return fingerprint in self._shelf or fingerprint in self._stored

    def claim(self, fingerprint: str, number: int) -> None:
        """Note that an entry has this purchase."""
        self._claimed.add((fingerprint, number))

    def number_new(self, fingerprint: str) -> int:
        """The lowest number that no entry has, for a new purchase; it is claimed with that."""
        number = self._free_from.get(fingerprint, 1)
        while (fingerprint, number) in self._claimed:
            number += 1
        self.claim(fingerprint, number)
        if number > 1:
            self._free_from[fingerprint] = number + 1
        return number

    def offers(self, request: InferenceRequest, state: InferenceState | None) -> bool:
        """Whether a purchase of exactly its fingerprint is here that no other entry has."""
        if any(self._list_shelved(request, state, made=made) for made in (True, False)):
            return True
        return bool(self._list_free(request, state, self._stored.get(request.fingerprint, ())))

    def recognise(
        self, request: InferenceRequest, state: InferenceState | None
    ) -> InferenceRequest:
        """The request by the fingerprint that it may be had under, its own id's before any other.

        A model may be called otherwise than when it was bought from: by its name, by another id.
        """
        if not request.former:
            return request
        if state is not None and state.fingerprint in request.fingerprints:
            return request.known_as(state.fingerprint)
        forms = [request.known_as(each) for each in request.fingerprints]
        return next((each for each in forms if self.offers(each, state)), request)

    def find(self, request: InferenceRequest, state: InferenceState | None) -> Decision | None:
        """Have a purchase of the same from the shelf, else from the store; None where none is."""
        for name, kept in self._list_shelved(request, state):
            placed = self.places.look_for(request, kept.assets)
            if placed and all(each.at is not None for each in placed):
                self._take(request, name, kept.number)
                return Decision("restore", _tell_origin(placed), local=True, restores=name)
        numbers = self._list_free(request, state, self._stored.get(request.fingerprint, ()))
        if (number := next(iter(numbers), 0)) == 0:
            return None
        self.claim(request.fingerprint, number)
        return Decision("fetch", "from the store", local=True, stored=number)

    def find_refused(self, request: InferenceRequest, state: InferenceState | None) -> str:
        """A shelved purchase that a filter refused, as it would again; else ""."""
        for name, kept in self._list_shelved(request, state, made=False):
            if kept.status == "moderated":
                self._take(request, name, kept.number)
                return name
        return ""

    def find_lost(self, request: InferenceRequest, state: InferenceState | None) -> str:
        """A shelved purchase whose files are gone, as its provider may have them still; else ""."""
        if state is not None and state.fingerprint == request.fingerprint and state.was_made:
            return ""  # its own may be fetched just as well
        for name, kept in self._list_shelved(request, state):
            self._take(request, name, kept.number)
            return name
        return ""

    def _take(self, request: InferenceRequest, name: str, number: int) -> None:
        del self._shelf[request.fingerprint][name]
        self.claim(request.fingerprint, number)

    def _list_shelved(
        self, request: InferenceRequest, state: InferenceState | None, *, made: bool = True
    ) -> list[tuple[str, InferenceState]]:
        """What is on the shelf of the same, the entry's own and the latest first."""
        shelved = self._shelf.get(request.fingerprint)
        if not shelved:
            return []
        numbers = {kept.number for kept in shelved.values()}
        free = self._list_free(request, state, numbers)
        found = [
            (name, kept)
            for name, kept in shelved.items()
            if kept.was_made == made and kept.number in free
        ]
        found.reverse()
        return sorted(found, key=lambda each: each[1].id != request.id)

    def _list_free(
        self, request: InferenceRequest, state: InferenceState | None, numbers: Collection[int]
    ) -> list[int]:
        """Those of the numbers that no other entry has, in order, the entry's own first."""
        name, own = request.fingerprint, request.stored
        if state is not None and state.fingerprint == name:
            own = state.number
        free = {each for each in numbers if each == own or (name, each) not in self._claimed}
        return sorted(free, key=lambda number: (number != own, number))


def _tell_origin(placed: list[PlacedAsset]) -> str:
    places = [each.at for each in placed if each.at is not None]
    replaced = REPLACED.as_posix()
    if any(place.startswith(f"{replaced}/") for place in places):
        return f"restored from {replaced}"
    return f"restored from {', '.join(places)}"
