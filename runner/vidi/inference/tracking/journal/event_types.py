"""What the lines of a journal hold, as a type: every field of every event."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypedDict

if TYPE_CHECKING:
    from decimal import Decimal


class EstimateShape(TypedDict):
    """What an inference was to cost, in USD."""

    low: Decimal | int
    high: Decimal | int | None


class Event(TypedDict, total=False):
    """One line of the journal; which fields it has, its `event` decides."""

    ts: str
    run: str
    seq: int
    event: str
    id: str

    # run_started
    schema: int
    vidi_version: str
    sandbox: bool
    job_file: str
    job_sha256: str
    vars: dict[str, object]
    budget_usd: Decimal | int | None
    tags: dict[str, list[str]]

    # base_prices: fal's, by model id
    prices: dict[str, dict[str, str | Decimal | int]]

    # intent
    attempt: int
    model: str
    fingerprint: str
    number: int
    params: dict[str, object]
    sent: dict[str, object]
    inputs: dict[str, str]
    reserved_usd: Decimal | int
    estimate_usd: EstimateShape
    breakdown: list[dict[str, object]]
    rule_usd: dict[str, Decimal | int] | None
    priced_as_of: str
    recalled: dict[str, object]

    # submitted
    request_id: str
    urls: dict[str, str]
    adopted: bool

    # completed
    output: object
    metrics: dict[str, object]
    billable_units: Decimal | int | None

    # asset
    path: str
    sha256: str
    bytes: int
    content_type: str
    width: int | None
    height: int | None
    duration_s: Decimal | int | None
    warning: str
    replaced: str | None
    mtime_ns: int
    index: int
    key: str
    original_sha256: str
    e_tag: str
    moved_from: str

    # settled, and what went wrong
    status: str
    actual_usd: Decimal | int
    basis: str
    error: dict[str, str]
    message: str

    # a purchase that comes to another id, comes back, or comes from the store
    ids: dict[str, str]
    purchase: str
    assets: list[Event]
    paid_usd: Decimal | int
    paid_basis: str | None
