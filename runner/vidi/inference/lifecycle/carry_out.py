"""One inference from intent to settled cost: the only path on which money is spent.

Every step is in the journal before the next begins, so that a run that is cut off anywhere goes on
from there: `intent` → POST → `submitted` → look until done → `completed` → fetch → `asset` →
`settled`.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Literal

import tenacity

from vidi.errors import (
    BegunElsewhereError,
    DownloadError,
    FailedError,
    InDoubtError,
    InferenceError,
    LostError,
    NotSentError,
    RefusedError,
    ThrottledError,
    UnfinishedError,
    VidiError,
)
from vidi.inference.lifecycle.assets.inline import recall, set_aside
from vidi.inference.lifecycle.assets.move import bring_all_home
from vidi.inference.lifecycle.assets.stock import keep_in_store, take_from_store
from vidi.inference.lifecycle.collect import collect_assets
from vidi.inference.lifecycle.post import Purchase, describe_error
from vidi.inference.lifecycle.reconcile import reconcile
from vidi.inference.lifecycle.settle import (
    collect_and_settle,
    costs_as_foreseen,
    record_settled,
    settle_failure,
)
from vidi.inference.lifecycle.submit import submit
from vidi.inference.lifecycle.wait import wait_for_end
from vidi.inference.outputs.limits import KEPT_S
from vidi.inference.providers.provider import Accepted, Failed, Succeeded
from vidi.inference.retrying import retry

if TYPE_CHECKING:
    from vidi.inference.lifecycle.runtime import Runtime
    from vidi.inference.outputs.keeping.asset_store import AssetStore
    from vidi.inference.request import InferenceRequest
    from vidi.inference.tracking.journal.events import InferenceState

Status = Literal[
    "succeeded", "unchanged", "failed", "moderated", "in_doubt", "unfinished", "skipped"
]


@dataclass(frozen=True, slots=True)
class Outcome:
    """How one inference ended in this run."""

    id: str
    status: Status
    error: VidiError | None = None


class _RetryableFailureError(FailedError):
    """A failure after which it may be bought again: a transient one, or any where that is asked."""


async def carry_out(
    request: InferenceRequest, assets: AssetStore | None, runtime: Runtime
) -> Outcome:
    """Carry one inference as far as it goes, from wherever the journal says it stands.

    Args:
        request: What is asked for.
        assets: Where they are kept; None leaves them at the provider.
        runtime: What the run works with.

    Raises:
        CredentialsError: The key was refused or the account has no credit: no other inference of
            this provider can be bought either. The journal holds what became of this one.
        StorageError: The journal cannot be written.
    """
    runtime.under_way.add(request.id)
    try:
        return await _carry_out(request, assets, runtime)
    finally:
        runtime.under_way.discard(request.id)
        runtime.budget.tell_settled()  # what it still holds is no room that others may wait for


async def _carry_out(
    request: InferenceRequest, assets: AssetStore | None, runtime: Runtime
) -> Outcome:
    try:
        await _resume_or_buy(request, assets, runtime)
    except InDoubtError as error:
        if runtime.journal.states[request.id].status == "intended":
            await runtime.journal.append("in_doubt", request.id, error=describe_error(error))
        return Outcome(request.id, "in_doubt", error)
    except BegunElsewhereError as error:
        await runtime.journal.append("refused", request.id, error=describe_error(error))
        return Outcome(request.id, "in_doubt", error)
    except UnfinishedError as error:
        await runtime.journal.append("unfinished", request.id, error=describe_error(error))
        return Outcome(request.id, "unfinished", error)
    except (InferenceError, RefusedError) as error:
        if isinstance(error, NotSentError | ThrottledError) and runtime.stopping():
            return Outcome(request.id, "skipped", error)
        return await _end_failed(request, error, runtime)
    if not request.stored:
        await keep_in_store(request.id, assets, runtime, again=request.again)
    return Outcome(request.id, "succeeded")


async def _resume_or_buy(
    request: InferenceRequest, assets: AssetStore | None, runtime: Runtime
) -> None:
    if request.earlier is not None:
        await _settle_earlier(request, request.earlier, assets, runtime)
    if request.restores:
        await runtime.journal.append("restored", request.id, purchase=request.restores)
    if request.stored and assets is not None:
        await take_from_store(request, assets, runtime)
    elif not await _resume(request, assets, runtime):
        await _buy_until_it_holds(request, assets, runtime)


async def _settle_earlier(
    request: InferenceRequest,
    earlier: InferenceRequest,
    assets: AssetStore | None,
    runtime: Runtime,
) -> None:
    """Bring home what was bought under this id before the entry changed: it is paid for.

    Raises:
        InDoubtError: Nobody knows whether it was bought, so nothing else may be.
        UnfinishedError: It is still running.
    """
    try:
        await _resume(earlier, assets, runtime)
    except (FailedError, DownloadError) as error:
        runtime.notify(earlier.id, "earlier_lost", message=error.message)
    except LostError as error:
        if not request.again:
            raise
        # Nobody can look any more, and the user wants it anew: what may have been billed is booked.
        await record_settled(earlier, "failed", earlier.reserve, "estimated", runtime, error)
        runtime.notify(earlier.id, "earlier_lost", message=error.message)


async def _resume(request: InferenceRequest, assets: AssetStore | None, runtime: Runtime) -> bool:
    """Go on from where the journal says it stands; False where it is still to be bought."""
    state = runtime.journal.states.get(request.id)
    if state is None:
        return False
    if state.doubtful:
        accepted = await reconcile(state, request.model, runtime, known=request.checked.params)
        await _finish(request, accepted, assets, runtime)
        return True
    if request.again or state.fingerprint != request.fingerprint:
        return False
    if state.was_made and await _fetch_again(request, state, assets, runtime):
        return True
    if state.attached and state.request_id is not None:
        await _finish(request, Accepted(state.request_id, state.urls), assets, runtime)
        return True
    return False


async def _buy_until_it_holds(
    request: InferenceRequest, assets: AssetStore | None, runtime: Runtime
) -> None:
    """Buy, and buy again after a failure that the provider calls transient, or `retry_on` names."""

    def give_up(state: tenacity.RetryCallState) -> bool:
        return runtime.stopping() or state.attempt_number >= request.attempts

    def rules() -> tenacity.AsyncRetrying:
        limits = runtime.retry_limits
        return tenacity.AsyncRetrying(
            retry=tenacity.retry_if_exception_type(_RetryableFailureError),
            wait=tenacity.wait_random_exponential(limits.first_wait_s, limits.longest_wait_s),
            stop=give_up,
            sleep=runtime.pause,
            reraise=True,
        )

    failures: list[_RetryableFailureError] = []

    async def buy_once() -> None:
        failure = failures[-1] if failures else None
        if failure is not None and runtime.stopping():
            raise failure
        bought = await _buy_again(request, runtime, len(failures) + 1, failure)
        try:
            await _finish(request, bought.accepted, assets, runtime, sent_at=bought.sent_at)
        except _RetryableFailureError as error:
            failures.append(error)
            raise

    await retry(buy_once, rules)


async def _buy_again(
    request: InferenceRequest, runtime: Runtime, number: int, failure: FailedError | None
) -> Purchase:
    """Buy; where there is no room to buy again, it is the failure before that is told."""
    try:
        return await _buy(request, runtime, number)
    except RefusedError as refusal:
        if failure is None:
            raise
        told = f"{failure.message} (not bought again: {refusal.message})"
        raise FailedError(told, hint=refusal.hint) from refusal


async def _buy(request: InferenceRequest, runtime: Runtime, number: int) -> Purchase:
    """Submit once; where the outcome is unknown, ask the provider at once.

    Raises:
        VidiError: As `submit`, and `InDoubtError` where the provider does not know either.
    """
    began = time.monotonic()
    try:
        return await submit(request, runtime, attempt=number)
    except InDoubtError as error:
        runtime.notify(request.id, "in_doubt", message=error.message)
        state = runtime.journal.states[request.id]
        known = request.checked.params
        return Purchase(await reconcile(state, request.model, runtime, known=known), began)


async def _finish(
    request: InferenceRequest,
    accepted: Accepted,
    assets: AssetStore | None,
    runtime: Runtime,
    *,
    sent_at: float | None = None,
) -> None:
    """Wait for the end and settle it; `sent_at` is None where an earlier run sent it."""
    end = await wait_for_end(request, accepted, runtime, sent_at=sent_at)
    if isinstance(end, Failed):
        await _keep_what_came(request, end, assets, runtime)
        await settle_failure(request, end, runtime)
        raise _name_failure(request, end)
    leave = runtime.leaves.get(request.id)
    if leave is not None and await costs_as_foreseen(request, end, runtime):
        leave()
    await runtime.journal.append(
        "completed",
        request.id,
        output=await set_aside(end.output, assets),
        metrics=dict(end.metrics),
        billable_units=end.billable_units,
    )
    await collect_and_settle(request, end, assets, runtime)


async def _keep_what_came(
    request: InferenceRequest, end: Failed, assets: AssetStore | None, runtime: Runtime
) -> None:
    """Fetch what a failed or cancelled inference had already put out: it may be billed.

    Before it is settled, so that a run that is cut off in between finds it again.
    """
    if assets is None or not end.output:
        return
    try:
        await collect_assets(request, end.output, assets, runtime)
    except DownloadError as error:
        runtime.notify(request.id, "part_lost", message=error.message)


def _name_failure(request: InferenceRequest, end: Failed) -> FailedError:
    anything = request.retry_on == "failed" and end.kind != "moderated"
    again = end.transient or anything
    return _RetryableFailureError(end.message) if again else FailedError(end.message)


async def _fetch_again(
    request: InferenceRequest, state: InferenceState, assets: AssetStore | None, runtime: Runtime
) -> bool:
    """Fetch what was bought before, for nothing; False where the provider no longer has it.

    Raises:
        DownloadError: It may still be there: it is never bought again for want of a connection.
    """
    output = await recall(state.output, assets)
    end = Succeeded(output, state.metrics, state.billable_units)
    if state.status == "completed":
        await collect_and_settle(request, end, assets, runtime)
        return True
    if assets is None:
        return True  # the answer is in the journal, and nothing is to be fetched
    try:
        if state.status == "failed" or not await bring_all_home(request, assets, runtime):
            await collect_assets(request, output, assets, runtime)
    except DownloadError as error:
        if not error.gone:
            error.hint = error.hint or f"Run it again, or buy it again with --rebuy {request.id}."
            raise
        if request.kept:
            raise _describe_kept(request, error) from error
        runtime.notify(request.id, "gone", message=_tell_retention(request, error))
        return False
    await record_settled(request, "succeeded", Decimal(0), "none", runtime)
    return True


def _describe_kept(request: InferenceRequest, error: DownloadError) -> DownloadError:
    """What to say where the only way to have it is to buy it again, and that is not wanted."""
    why = "is kept, so it is not bought again, and it is"
    if request.unedited:
        why = "cannot be restored, as nothing is bought for that: it was edited here, and is"
    return DownloadError(
        f"{request.id} {why} gone at the provider: {_tell_retention(request, error)}",
        hint=f"Put its files back, or buy it again with --rebuy {request.id}.",
        gone=True,
    )


def _tell_retention(request: InferenceRequest, error: DownloadError) -> str:
    provider = request.model.provider
    if provider not in KEPT_S:
        return error.message
    return f"{error.message} ({provider} keeps outputs for {KEPT_S[provider] // 3600} h)"


async def _end_failed(request: InferenceRequest, error: VidiError, runtime: Runtime) -> Outcome:
    state = runtime.journal.states.get(request.id)
    if state is not None and state.status == "moderated":
        return Outcome(request.id, "moderated", error)
    if state is None or state.error is None:
        await runtime.journal.append("refused", request.id, error=describe_error(error))
    return Outcome(request.id, "failed", error)
