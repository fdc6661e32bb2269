"""One inference as a job file asks for it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from decimal import Decimal

    from vidi.jobs.reading.places import Places

INDEX_MARKER = "{index}"
"""What `{{ index }}` in an output path becomes: the number is known when the outputs are."""


@dataclass(frozen=True, slots=True)
class InferenceSpec:
    """Everything that the job file says of one inference, templates rendered."""

    id: str
    model: str
    params: Mapping[str, object]
    """As written, not checked against the model; may be shared between inferences."""
    output: str
    """Relative to the output folder, with `/`; may hold INDEX_MARKER."""
    tags: tuple[str, ...]
    max_cost: Decimal | None
    """In USD."""
    assume_cost: Decimal | None
    """In USD; the price to reckon with where none is known."""
    timeout: float | None
    """In seconds."""
    retry_attempts: int | None
    keep: bool
    places: Places
    unknown: frozenset[str] = frozenset()
    """Params that could not be rendered: left out of `params`, and a mistake already."""
