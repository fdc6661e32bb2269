"""What a manifest holds, as types; manifest_schema.py says the same to programs."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, NotRequired, TypedDict

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

Usd = int | float | Decimal
"""USD with at most six decimals; a Decimal where the manifest was read from its file."""


class RunShape(TypedDict):
    """The run as a whole."""

    id: str
    status: str
    exit_code: int | None
    started_at: str
    finished_at: str | None
    job_file: str
    job_sha256: str
    vars: dict[str, object]


class CostShape(TypedDict):
    """What one inference was to cost, and what it did."""

    estimated_low: Usd | None
    estimated_high: Usd | None
    actual: Usd | None
    basis: str | None
    paid: Usd
    paid_basis: str | None
    warning: NotRequired[str]
    """Where the provider billed another amount than its price rule says."""


class CostsShape(TypedDict):
    """The same of the whole run."""

    estimated_low: Usd | None
    estimated_high: Usd | None
    actual: Usd
    in_doubt: Usd
    saved: Usd
    paid: Usd


class AssetShape(TypedDict):
    """One file that was made."""

    path: str
    sha256: str
    bytes: int
    content_type: str
    width: int | None
    height: int | None
    duration_s: Usd | None
    replaced: str | None
    original_sha256: NotRequired[str]
    """Of what the provider gave, where a mark was put into it."""
    key: NotRequired[str]
    """What the answer calls it, such as `vocals`."""
    warning: NotRequired[str]


class InferenceShape(TypedDict):
    """One inference of the job file."""

    id: str
    model: str
    status: str
    reason: str
    params: Mapping[str, object]
    fingerprint: str
    request_id: str | None
    attempts: int
    submitted_at: str | None
    completed_at: str | None
    duration_s: float | Decimal | None
    cost_usd: CostShape
    tags: list[str]
    seed: int | None
    axes: NotRequired[dict[str, object]]
    """What the matrix of its entry gave it, by name."""
    answer: NotRequired[dict[str, object]]
    """What else the provider's answer says in a word or a number."""
    assets: list[AssetShape]
    error: Mapping[str, str] | None
    """`code`, `message` and `hint`."""


class TotalShape(TypedDict):
    """What the inferences of one model or provider made and cost."""

    inferences: int
    assets: int
    actual_usd: Usd
    in_doubt_usd: Usd


class TotalsShape(TypedDict):
    """The inferences counted and added up."""

    by_status: dict[str, int]
    by_model: dict[str, TotalShape]
    by_provider: dict[str, TotalShape]


class PartShape(TypedDict):
    """A file of rows: JSON lines, packed by gzip."""

    path: str
    sha256: str
    inferences: int


class Manifest(TypedDict):
    """Everything that manifest.json holds."""

    schema_version: int
    vidi_version: str
    sandbox: bool
    run: RunShape
    budget_usd: Usd | None
    cost_usd: CostsShape
    inferences: Sequence[InferenceShape]
    """Empty where they are in parts."""
    parts: NotRequired[list[PartShape]]
    """The files that hold them, where there are very many."""
    totals: TotalsShape
