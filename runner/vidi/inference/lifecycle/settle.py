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
    from vidi.inference.models.prices.estimate import Basis
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
        actual = await _price(request, end, (), runtime)
        record_settled(request, "failed", *actual, runtime, error)
        raise
    actual = await _price(request, end, assets, runtime)
    record_settled(request, "succeeded", *actual, runtime)


async def _collect(
    request: InferenceRequest, answer: object, folder: Path | None, runtime: Runtime
) -> tuple[AssetRecord, ...]:
    """Bring the assets home; without a folder they stay at the provider."""
    return () if folder is None else await collect_assets(request, answer, folder, runtime)


async def _price(
    request: InferenceRequest,
    end: Succeeded | Failed,
    assets: Sequence[AssetRecord],
    runtime: Runtime,
) -> tuple[Decimal, Basis]:
    """What an inference has cost in USD, and how that is known."""
    metered = Metered(end.metrics, end.billable_units, tuple(assets))
    base = None
    if end.billable_units is not None:
        base = await runtime.base_prices.find(request.model)
    usd, basis = settle(
        request.model, request.checked, metered, timeout_s=request.timeout_s, base=base
    )
    if usd is None or (basis == "estimated" and end.billable_units is not None):
        usd = max(usd or Decimal(0), request.reserve)  # the user's own figure may be the greater
    return usd, basis


async def settle_failure(request: InferenceRequest, end: Failed, runtime: Runtime) -> None:
    """Book a failure: free only where that is proved, else as metered, else the whole estimate."""
    usd, basis = await _price_failure(request, end, runtime)
    status = "moderated" if end.kind == "moderated" else "failed"
    record_settled(request, status, usd, basis, runtime, FailedError(end.message))


async def _price_failure(
    request: InferenceRequest, end: Failed, runtime: Runtime
) -> tuple[Decimal, Basis]:
    # Only what the provider has proved is free: fal bills successful results alone (31 of 31 of its
    # failures whose bill could be read had no unit), Replicate none that was `aborted` before it
    # began. Whether a failed official model bills is not published.
    if end.free or end.billable_units == 0:
        return Decimal(0), "none"
    if end.metrics or end.billable_units is not None:
        usd, basis = await _price(request, end, (), runtime)
        if basis in {"metered", "derived"} or end.billable_units is not None:
            return usd, basis
    return request.reserve, "estimated"


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
