"""What an inference has cost in the end, booked once with how it ended."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from vidi.dollars import format_usd
from vidi.errors import FailedError, InferenceError, VidiError
from vidi.inference.lifecycle.assets.place import count_asked
from vidi.inference.lifecycle.collect import collect_assets
from vidi.inference.lifecycle.post import describe_error, find_reserve
from vidi.inference.models.prices.estimate import Metered
from vidi.inference.models.prices.pricing import date_prices, settle
from vidi.inference.tracking.bills import Bill, describe_drift, find_drift

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vidi.inference.lifecycle.runtime import Runtime
    from vidi.inference.models.prices.estimate import Basis, Estimate
    from vidi.inference.models.template import ModelInfo
    from vidi.inference.outputs.keeping.asset_store import AssetStore
    from vidi.inference.providers.provider import Failed, Succeeded
    from vidi.inference.request import InferenceRequest
    from vidi.inference.tracking.journal.events import AssetRecord

MOST_BILLED = Decimal(1_000_000)
"""USD of one inference. What a provider's figures come to beyond that is a slip of its own."""
OVERCOUNT = (
    "{provider} answered with {came} outputs for an order of {order}, and without a figure of its "
    "own: {usd} is counted, for what was ordered"
)


async def costs_as_foreseen(request: InferenceRequest, end: Succeeded, runtime: Runtime) -> bool:
    """Whether nothing about the cost of a result is left to be learnt from its files.

    Its bill came with it and is as reckoned, or all others of its model were. Else the next must
    not be bought before it is settled: a cap that drift has crossed stops new submits at once.
    """
    usd, basis = await _price(request, end, (), runtime)
    if basis != "metered":
        return runtime.bills.are_foreseen(request.model)
    price = runtime.bills.adjust(request.model, request.estimate)
    return find_drift(price, usd, basis, "succeeded") is None


async def collect_and_settle(
    request: InferenceRequest, end: Succeeded, assets: AssetStore | None, runtime: Runtime
) -> None:
    """Bring the assets home, and settle the cost whether or not they arrive: it is owed either way.

    Raises:
        DownloadError: An asset could not be fetched.
    """
    try:
        made = await _collect(request, end.output, assets, runtime)
    except InferenceError as error:
        actual = await _price(request, end, (), runtime)
        await record_settled(request, "failed", *actual, runtime, error)
        raise
    actual = await _price(request, end, made, runtime)
    await record_settled(request, "succeeded", *actual, runtime)


async def _collect(
    request: InferenceRequest, answer: object, assets: AssetStore | None, runtime: Runtime
) -> tuple[AssetRecord, ...]:
    """Bring the assets home; without a place for them they stay at the provider."""
    return () if assets is None else await collect_assets(request, answer, assets, runtime)


async def _price(
    request: InferenceRequest,
    end: Succeeded | Failed,
    assets: Sequence[AssetRecord],
    runtime: Runtime,
) -> tuple[Decimal, Basis]:
    """What an inference has cost in USD, and how that is known."""
    # Files are counted where the provider gives no figure of its own; more than twice the order is
    # a hostile or a broken answer: drift, and no bill.
    order = _count_ordered(request)
    beyond = 0 < 2 * order < len(assets)
    metered = Metered(end.metrics, end.billable_units, tuple(assets[:order] if beyond else assets))
    base = None
    if end.billable_units is not None:
        base = await runtime.base_prices.find(request.model)
    try:
        usd, basis = settle(
            request.model, request.checked, metered, timeout_s=request.timeout_s, base=base
        )
    except ArithmeticError:  # a figure of 400 digits, say: quoted in the journal, and no bill
        usd, basis = None, "estimated"
    if usd is not None and not 0 <= usd <= MOST_BILLED:
        usd, basis = None, "estimated"
    if usd is None or (basis == "estimated" and end.billable_units is not None):
        # The user's own figure, or past bills, may make it the greater.
        usd = max(usd or Decimal(0), find_reserve(request, runtime))
    if beyond:
        message = OVERCOUNT.format(
            provider=request.model.provider, came=len(assets), order=order, usd=format_usd(usd)
        )
        await _note_drift(request, request.estimate, usd, message, runtime)
    return usd, basis


def _count_ordered(request: InferenceRequest) -> int:
    """How many outputs were ordered: as the params say, one where the price is of one; else 0."""
    asked = count_asked(request.checked.effective)
    is_exact = request.estimate.low == request.estimate.high
    return asked or (1 if is_exact else 0)


async def settle_failure(request: InferenceRequest, end: Failed, runtime: Runtime) -> None:
    """Book a failure: free only where that is proved, else as metered, else the whole estimate."""
    usd, basis = await _price_failure(request, end, runtime)
    status = "moderated" if end.kind == "moderated" else "failed"
    await record_settled(request, status, usd, basis, runtime, FailedError(end.message))


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
    return find_reserve(request, runtime), "estimated"


async def record_settled(
    request: InferenceRequest,
    status: str,
    usd: Decimal,
    basis: str,
    runtime: Runtime,
    error: VidiError | None = None,
) -> None:
    """Put on record how a purchase ended and what it cost, in USD, and learn from the bill."""
    price = runtime.bills.adjust(request.model, request.estimate)
    drift = find_drift(price, usd, basis, status)
    if drift is not None:
        await _record_drift(request, price, usd, runtime)
    fields: dict[str, object] = {"status": status, "basis": basis}
    if error is not None:
        fields["error"] = describe_error(error)
    bill = None
    if price.rule is not None:
        as_of = date_prices(request.model)
        bill = Bill(request.model.id, price.rule, usd, basis, status, as_of)
        runtime.bills.add(bill)
    await runtime.books.record_settled(request.id, usd, fields, bill)
    if drift == "above":
        await _set_more_aside(request.model, runtime)


async def _record_drift(
    request: InferenceRequest, price: Estimate, usd: Decimal, runtime: Runtime
) -> None:
    """Say that the provider billed another amount than the price rule says."""
    message = describe_drift(request.model.provider, price, usd)
    await _note_drift(request, price, usd, message, runtime)


async def _note_drift(
    request: InferenceRequest, price: Estimate, usd: Decimal, message: str, runtime: Runtime
) -> None:
    model = request.model
    await runtime.journal.append(
        "drift",
        request.id,
        model=model.id,
        actual_usd=usd,
        estimate_usd={"low": price.low, "high": price.high},
        rule_usd=None if price.rule is None else price.rule._asdict(),
        priced_as_of=date_prices(model),
        message=message,
    )
    runtime.notify(request.id, "drift", message=message)


async def _set_more_aside(model: ModelInfo, runtime: Runtime) -> None:
    """Set aside for what is under way what it will cost by the bill that was just seen.

    It was granted by the price rule; what begins from now on must leave room for its true price.
    """
    for state in list(runtime.journal.states.values()):
        rule = state.charges[-1].rule if state.charges else None
        if state.model != model.id or not state.unsettled or rule is None:
            continue
        amount = runtime.bills.scale(model, rule)
        if amount > state.reserved:
            await runtime.journal.append("raised", state.id, reserved_usd=amount)
            await runtime.budget.set_aside(state.id, amount)
