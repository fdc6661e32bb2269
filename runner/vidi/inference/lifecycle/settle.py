"""What an inference has cost in the end, booked once with how it ended."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from vidi.errors import FailedError, InferenceError, VidiError
from vidi.inference.lifecycle.collect import collect_assets
from vidi.inference.lifecycle.post import describe_error
from vidi.inference.models.prices.estimate import Metered
from vidi.inference.models.prices.pricing import settle

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from vidi.inference.lifecycle.runtime import Runtime
    from vidi.inference.providers.provider import Failed, Succeeded
    from vidi.inference.request import InferenceRequest
    from vidi.inference.tracking.journal.events import AssetRecord


async def collect_and_settle(
    request: InferenceRequest, end: Succeeded, folder: Path | None, runtime: Runtime
) -> None:
    """Bring the assets home, and settle the cost whether or not they arrive: it is owed either way.

    Raises:
        DownloadError: An asset could not be fetched.
    """
    try:
        assets = await _collect(request, end.output, folder, runtime)
    except InferenceError as error:
        usd, basis = _actual_cost(request, end, ())
        record_settled(request, "failed", usd, basis, runtime, error)
        raise
    usd, basis = _actual_cost(request, end, assets)
    record_settled(request, "succeeded", usd, basis, runtime)


async def _collect(
    request: InferenceRequest, answer: object, folder: Path | None, runtime: Runtime
) -> tuple[AssetRecord, ...]:
    """Bring the assets home; without a folder they stay at the provider."""
    return () if folder is None else await collect_assets(request, answer, folder, runtime)


def _actual_cost(
    request: InferenceRequest, end: Succeeded, assets: Sequence[AssetRecord]
) -> tuple[Decimal, str]:
    metered = Metered(end.metrics, end.billable_units, tuple(assets))
    actual = settle(request.model, request.checked, metered, timeout_s=request.timeout_s)
    if actual.usd is None:
        return request.reserve, "estimated"
    return actual.usd, actual.basis


def settle_failure(request: InferenceRequest, end: Failed, runtime: Runtime) -> None:
    """Book a failure: free only where that is proved, else metered, else the whole estimate."""
    # Only what the provider has proved is free: fal bills successful results alone, Replicate none
    # that was `aborted` before it began. Whether a failed official model bills is not published.
    usd, basis = request.reserve, "estimated"
    if end.free:
        usd, basis = Decimal(0), "none"
    elif end.metrics or end.billable_units is not None:
        metered = Metered(end.metrics, end.billable_units, ())
        actual = settle(request.model, request.checked, metered, timeout_s=request.timeout_s)
        if actual.usd is not None and actual.basis == "metered":
            usd, basis = actual.usd, actual.basis
    status = "moderated" if end.kind == "moderated" else "failed"
    record_settled(request, status, usd, basis, runtime, FailedError(end.message))


def record_settled(
    request: InferenceRequest,
    status: str,
    usd: Decimal,
    basis: str,
    runtime: Runtime,
    error: VidiError | None = None,
) -> None:
    """Put on record how a purchase ended and what it cost, in USD."""
    fields: dict[str, object] = {"status": status, "actual_usd": usd, "basis": basis}
    if error is not None:
        fields["error"] = describe_error(error)
    runtime.journal.append("settled", request.id, **fields)
    runtime.budget.settle(request.id, usd)
