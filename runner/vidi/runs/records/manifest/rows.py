"""The rows of a manifest, of which many are made only while somebody looks at them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, overload

from vidi.runs.records.manifest.shape import InferenceShape

if TYPE_CHECKING:
    from collections.abc import Iterator

MOST_KEPT = 2_000
"""A row takes a KiB, or 30 µs whenever it is made: a hundred thousand are not kept."""

Make = Callable[[int], InferenceShape]
"""Makes the row at a place."""


class Rows(Sequence[InferenceShape]):
    """So many rows. Each is the same whenever it is made: nobody changes one.

    Args:
        count: How many.
        make: Makes one.
        kept: How many are kept once they are made; of more, none is.
    """

    def __init__(self, count: int, make: Make, *, kept: int = MOST_KEPT) -> None:
        self._count = count
        self._make = make
        self._made = [make(place) for place in range(count)] if count <= kept else None

    def __len__(self) -> int:
        """How many there are."""
        return self._count

    def __iter__(self) -> Iterator[InferenceShape]:
        """All of them, one at a time."""
        return map(self._make, range(self._count)) if self._made is None else iter(self._made)

    @overload
    def __getitem__(self, place: int) -> InferenceShape: ...

    @overload
    def __getitem__(self, place: slice) -> Sequence[InferenceShape]: ...

    def __getitem__(self, place: int | slice) -> InferenceShape | Sequence[InferenceShape]:
        """One of them, or some."""
        if self._made is not None:
            return self._made[place]
        places = range(self._count)[place]
        return self._make(places) if isinstance(places, int) else [self._make(at) for at in places]
