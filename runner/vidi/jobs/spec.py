"""One inference as a job file asks for it."""

from __future__ import annotations

from dataclasses import field
from typing import TYPE_CHECKING, Literal

from vidi.jobs.data.cell import Cell
from vidi.jobs.reading.places import inside
from vidi.jobs.rendering.detect import columns_in
from vidi.values import value

if TYPE_CHECKING:
    from collections.abc import Mapping
    from decimal import Decimal

    from vidi.jobs.data.cell import DataRow, Origin
    from vidi.jobs.reading.fields import Retry
    from vidi.jobs.reading.places import Places

KEY_MARKER = "{key}"
"""What `{{ key }}` becomes there: the name of an output in the model's answer."""


@value
class InferenceSpec:
    """Everything that the job file says of one inference, templates rendered."""

    id: str
    model: str
    params: Mapping[str, object]
    """As written, not checked against the model; may be shared between inferences."""
    output: str
    """Relative to the output folder, with `/`; may hold KEY_MARKER and `OutputIndex`es."""
    tags: tuple[str, ...]
    max_cost: Decimal | None
    """In USD."""
    assume_cost: Decimal | None
    """In USD; the price to reckon with where none is known."""
    timeout: float | None
    """In seconds."""
    retry: Retry | None
    keep: bool
    """Whether what it has made is never bought again."""
    places: Places
    mark: bool | None = None
    """Whether its files are to say that a model made them; None where the job says nothing."""
    unknown: frozenset[str] = frozenset()
    """Params that could not be rendered: left out of `params`, and a mistake already."""
    readable: bool = True
    """Whether there are params; where not, that is a mistake already, and `params` is empty."""
    row: DataRow | None = None
    """The row of data that it was made from."""
    verdict: Literal["", "approved", "rejected"] = ""
    """What people have said of what it made: approved is kept, rejected is to be bought again."""
    axes: Mapping[str, object] = field(default_factory=dict)
    """What the entry's matrix gave it, by name."""

    @property
    def kept_as(self) -> Literal["", "kept", "approved"]:
        """Why what it has made is never bought again; empty where it may be."""
        if self.verdict == "approved":
            return "approved"
        return "kept" if self.keep else ""

    def origin(self, *path: str | int) -> Origin | None:
        """Where the value at a path comes from; None where the job file itself says it."""
        if self.row is None:
            return None
        value: object = self.params if path[:1] == ("params",) else None
        for step in path[1:]:
            value = inside(value, step)
        if isinstance(value, Cell):
            return value.origin
        written = self.places.written(path)
        columns = columns_in(written) if isinstance(written, str) else None
        return None if columns is None else self.row.origin_of(columns)
