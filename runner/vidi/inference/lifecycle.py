"""One inference from intent to settled cost: the only path on which money is spent.

Every step is in the journal before the next begins, so that a run that is cut off anywhere goes on
from there: `intent` → POST → `submitted` → look until done → `completed` → fetch → `asset` →
`settled`.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Literal

import tenacity

from vidi.errors import (
    FailedError,
    InDoubtError,
    InferenceError,
    RefusedError,
    UnfinishedError,
    VidiError,
)
from vidi.inference.collecting import collect_assets
from vidi.inference.models.estimate import Metered
from vidi.inference.models.pricing import settle
from vidi.inference.providers.provider import Accepted, Failed, Succeeded
from vidi.inference.submitting import describe_error, submit
from vidi.inference.waiting import wait_for_end

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from vidi.inference.outputs.download import Asset
    from vidi.inference.request import InferenceRequest
    from vidi.inference.runtime import Runtime
    from vidi.inference.tracking.events import InferenceState

Status = Literal[
    "succeeded", "unchanged", "failed", "moderated", "in_doubt", "unfinished", "skipped"
]


@dataclass(frozen=True, slots=True)
class Outcome:
    """How one inference ended in this run."""

    id: str
    status: Status
    error: VidiError | None = None


class _TransientFailureError(FailedError):
    """The provider reports a failure that may well not come again."""


async def carry_out(request: InferenceRequest, folder: Path, runtime: Runtime) -> Outcome:
    """Carry one inference as far as it goes, from wherever the journal says it stands.

    Raises:
        CredentialsError: The key was refused or the account has no credit: no other inference of
            this provider can be bought either. The journal holds what became of this one.
        StorageError: The journal cannot be written.
    """
    try:
        await _resume_or_buy(request, folder, runtime)
    except InDoubtError as error:
        return Outcome(request.id, "in_doubt", error)
    except UnfinishedError as error:
        runtime.journal.append("unfinished", request.id, error=describe_error(error))
        return Outcome(request.id, "unfinished", error)
    except (InferenceError, RefusedError) as error:
        return _end_failed(request, error, runtime)
    return Outcome(request.id, "succeeded")


async def _resume_or_buy(request: InferenceRequest, folder: Path, runtime: Runtime) -> None:
    state = runtime.journal.states.get(request.id)
    if state is not None and state.doubtful:
        raise InDoubtError(
            "an earlier run sent this and never learned what became of it",
            hint="See whether it was bought with `vidi reconcile`.",
        )
    if state is not None and state.fingerprint == request.fingerprint:
        if state.output is not None and await _fetch_again(request, state, folder, runtime):
            return
        if state.attached and state.request_id is not None:
            accepted = Accepted(state.request_id, state.urls)
            await _finish(request, accepted, folder, runtime, began=time.monotonic())
            return
    await _buy_until_it_holds(request, folder, runtime)


async def _buy_until_it_holds(request: InferenceRequest, folder: Path, runtime: Runtime) -> None:
    """Buy, and buy again only when the provider itself calls the failure transient."""

    def give_up(state: tenacity.RetryCallState) -> bool:
        return runtime.stopping() or state.attempt_number >= request.attempts

    patience = runtime.patience
    async for attempt in tenacity.AsyncRetrying(
        retry=tenacity.retry_if_exception_type(_TransientFailureError),
        wait=tenacity.wait_random_exponential(patience.first_wait_s, patience.longest_wait_s),
        stop=give_up,
        reraise=True,
    ):
        with attempt:
            number = attempt.retry_state.attempt_number
            bought = await submit(request, runtime, attempt=number)
            await _finish(request, bought.accepted, folder, runtime, began=bought.sent_at)


async def _finish(
    request: InferenceRequest, accepted: Accepted, folder: Path, runtime: Runtime, *, began: float
) -> None:
    end = await wait_for_end(request, accepted, runtime, began=began)
    if isinstance(end, Failed):
        _settle_failure(request, end, runtime)
        failure = _TransientFailureError if end.transient else FailedError
        raise failure(end.message)
    runtime.journal.append(
        "completed",
        request.id,
        output=end.output,
        metrics=dict(end.metrics),
        billable_units=end.billable_units,
    )
    await _collect_and_settle(request, end, folder, runtime)


async def _fetch_again(
    request: InferenceRequest, state: InferenceState, folder: Path, runtime: Runtime
) -> bool:
    """Fetch what was bought before, for nothing; False where it must be bought again."""
    end = Succeeded(state.output, state.metrics, state.billable_units)
    if state.status == "completed":
        await _collect_and_settle(request, end, folder, runtime)
        return True
    try:
        await collect_assets(request, state.output, folder, runtime)
    except InferenceError as error:
        runtime.notify(request.id, "gone", message=error.message)
        return False
    _record_settled(request, "succeeded", Decimal(0), "none", runtime)
    return True


async def _collect_and_settle(
    request: InferenceRequest, end: Succeeded, folder: Path, runtime: Runtime
) -> None:
    """Settle the cost whether or not the assets arrive: it is owed either way."""
    try:
        assets = await collect_assets(request, end.output, folder, runtime)
    except InferenceError as error:
        usd, basis = _actual_cost(request, end, ())
        _record_settled(request, "failed", usd, basis, runtime, error)
        raise
    usd, basis = _actual_cost(request, end, assets)
    _record_settled(request, "succeeded", usd, basis, runtime)


def _actual_cost(
    request: InferenceRequest, end: Succeeded, assets: Sequence[Asset]
) -> tuple[Decimal, str]:
    metered = Metered(end.metrics, end.billable_units, tuple(assets))
    actual = settle(request.model, request.checked, metered)
    if actual.usd is None:
        return request.reserve, "estimated"
    return actual.usd, actual.basis


def _settle_failure(request: InferenceRequest, end: Failed, runtime: Runtime) -> None:
    """Book a failure: free only where that is proved, else metered, else the whole estimate."""
    usd, basis = request.reserve, "estimated"
    if end.free:
        usd, basis = Decimal(0), "none"
    elif end.metrics or end.billable_units is not None:
        metered = Metered(end.metrics, end.billable_units, ())
        actual = settle(request.model, request.checked, metered)
        if actual.usd is not None and actual.basis == "metered":
            usd, basis = actual.usd, actual.basis
    status = "moderated" if end.kind == "moderated" else "failed"
    _record_settled(request, status, usd, basis, runtime, FailedError(end.message))


def _record_settled(
    request: InferenceRequest,
    status: str,
    usd: Decimal,
    basis: str,
    runtime: Runtime,
    error: VidiError | None = None,
) -> None:
    fields: dict[str, Any] = {"status": status, "actual_usd": usd, "basis": basis}
    if error is not None:
        fields["error"] = describe_error(error)
    runtime.journal.append("settled", request.id, **fields)
    runtime.budget.settle(request.id, usd)


def _end_failed(request: InferenceRequest, error: VidiError, runtime: Runtime) -> Outcome:
    state = runtime.journal.states.get(request.id)
    if state is not None and state.status == "moderated":
        return Outcome(request.id, "moderated", error)
    if state is None or state.error is None:
        runtime.journal.append("refused", request.id, error=describe_error(error))
    return Outcome(request.id, "failed", error)
