"""The one place where money is committed: reserve, note the intent, send once, keep the receipt."""

from __future__ import annotations

import asyncio
import time
from contextlib import suppress
from typing import TYPE_CHECKING, NamedTuple

import tenacity

from vidi.errors import (
    CredentialsError,
    InDoubtError,
    NotSentError,
    RejectedError,
    StorageError,
    ThrottledError,
    VidiError,
)
from vidi.inference.providers.errand import read_fate
from vidi.inference.providers.provider import Accepted, Submission
from vidi.inference.request import replace_at
from vidi.inference.sent import describe_sent
from vidi.inference.tracking.charges import number_next

if TYPE_CHECKING:
    from collections.abc import Mapping

    from vidi.inference.providers.provider import Provider
    from vidi.inference.request import InferenceRequest
    from vidi.inference.runtime import Runtime


class Purchase(NamedTuple):
    """A receipt, and when the request left: monotonic seconds."""

    accepted: Accepted
    sent_at: float


async def submit(request: InferenceRequest, runtime: Runtime, *, attempt: int) -> Purchase:
    """Buy one inference: at most one request reaches the provider, whatever happens.

    Raises:
        RefusedError: The budget has no room; nothing was sent.
        NotSentError: The provider could not be reached; nothing was bought.
        ThrottledError: It kept refusing for now; nothing was bought.
        RejectedError: Refused for good.
        CredentialsError: Refused for every inference of the account.
        InDoubtError: The outcome is unknown; the reservation stays.
    """
    provider = runtime.open_provider(request.model.provider)
    provider.prepare()
    submission = Submission(
        model=request.model,
        params=await _upload_inputs(request, provider, runtime),
        deadline_s=request.timeout_s,
    )
    before = runtime.journal.states.get(request.id)
    number = number_next(before.charges if before is not None else ())
    runtime.budget.reserve(request.id, request.reserve, model=request.model.id, attempt=number)
    runtime.sending.add(request.id)
    try:
        intent = _describe_intent(request, submission, attempt)
        runtime.journal.append("intent", request.id, **intent)
        runtime.notify(request.id, "intent", reserved=request.reserve)
        return await _send_and_record(request, submission, provider, runtime)
    finally:
        runtime.sending.discard(request.id)


async def _send_and_record(
    request: InferenceRequest, submission: Submission, provider: Provider, runtime: Runtime
) -> Purchase:
    """Send, and write down what became of it before anything else happens."""
    try:
        accepted, sent_at = await _send(submission, provider, runtime)
    except (NotSentError, ThrottledError, RejectedError, CredentialsError) as error:
        _record_refusal(request, runtime, error)
        raise
    except InDoubtError as error:
        runtime.journal.append("in_doubt", request.id, error=describe_error(error))
        raise
    except asyncio.CancelledError as cut:
        _record_cut(request, runtime, read_fate(cut))
        raise
    _keep_receipt(request, accepted, runtime)
    with suppress(StorageError):  # the journal has it, and the next replay enters it
        runtime.receipts.take_receipt(request.id, request.model.provider, accepted.request_id)
    runtime.notify(request.id, "submitted", request_id=accepted.request_id)
    return Purchase(accepted, sent_at)


def _keep_receipt(request: InferenceRequest, accepted: Accepted, runtime: Runtime) -> None:
    try:
        runtime.journal.append(
            "submitted", request.id, request_id=accepted.request_id, urls=dict(accepted.urls)
        )
    except StorageError as error:
        raise StorageError(
            f"{error.message}; {request.id} was bought as {accepted.request_id}",
            hint=f"{error.hint} Then `vidi reconcile` with "
            f"--paid {request.id}={accepted.request_id} takes it up.",
        ) from error


def describe_error(error: VidiError) -> dict[str, str]:
    """An error as the journal and the manifest hold it."""
    return {"code": error.code, "message": error.message, "hint": error.hint}


async def _upload_inputs(
    request: InferenceRequest, provider: Provider, runtime: Runtime
) -> Mapping[str, object]:
    params: Mapping[str, object] = request.checked.params
    sent: dict[str, str] = {}
    for file in request.checked.files:
        if file.name not in sent:
            runtime.notify(request.id, "uploading", file=file.name)
            sent[file.name] = await provider.upload(file.path)
        params = replace_at(params, file.at, sent[file.name])
    return params


def _describe_intent(
    request: InferenceRequest, submission: Submission, attempt: int
) -> dict[str, object]:
    return {
        "attempt": attempt,
        "model": request.model.id,
        "fingerprint": request.fingerprint,
        "params": request.described_params(),
        "sent": describe_sent(request, submission.params),
        "inputs": dict(request.inputs),
        "reserved_usd": request.reserve,
        "estimate_usd": {"low": request.estimate.low, "high": request.estimate.high},
        "breakdown": [line.to_json() for line in request.estimate.lines],
    }


def _record_refusal(request: InferenceRequest, runtime: Runtime, error: VidiError) -> None:
    described = describe_error(error)
    if isinstance(error, RejectedError) and error.paid:
        paid = request.reserve
        runtime.journal.append(
            "settled",
            request.id,
            status="failed",
            actual_usd=paid,
            basis="estimated",
            error=described,
        )
        runtime.budget.settle(request.id, paid)
    else:
        runtime.journal.append("refused", request.id, error=described)
        runtime.budget.release(request.id)


def _record_cut(
    request: InferenceRequest, runtime: Runtime, fate: InDoubtError | NotSentError
) -> None:
    """Note what became of a request that was cut off by the end of the run."""
    if isinstance(fate, NotSentError):
        _record_refusal(request, runtime, fate)
    else:
        runtime.journal.append("in_doubt", request.id, error=describe_error(fate))


async def _send(submission: Submission, provider: Provider, runtime: Runtime) -> Purchase:
    """Submit, and again only where the provider provably has nothing."""
    name = submission.model.provider

    async def send_once() -> Purchase:
        await _wait_for_turn(name, runtime)
        sent_at = time.monotonic()
        return Purchase(await provider.submit(submission), sent_at)

    def wait_as_told(state: tenacity.RetryCallState) -> float:
        error = state.outcome.exception() if state.outcome else None
        seconds = error.retry_after if isinstance(error, ThrottledError) else None
        if seconds is None:
            seconds = tenacity.wait_random_exponential(
                multiplier=runtime.patience.first_wait_s, max=runtime.patience.longest_wait_s
            )(state)
        if isinstance(error, ThrottledError):
            runtime.throttle.close_for(name, seconds)
        return seconds

    def give_up(state: tenacity.RetryCallState) -> bool:
        error = state.outcome.exception() if state.outcome else None
        if runtime.stopping():
            return True
        if isinstance(error, ThrottledError):
            return (state.seconds_since_start or 0) > submission.deadline_s
        return state.attempt_number >= runtime.patience.sends

    return await tenacity.AsyncRetrying(
        retry=tenacity.retry_if_exception_type((NotSentError, ThrottledError)),
        wait=wait_as_told,
        stop=give_up,
        sleep=runtime.pause,
        reraise=True,
    )(send_once)


async def _wait_for_turn(provider: str, runtime: Runtime) -> None:
    """Return when the next submit may go.

    Raises:
        NotSentError: The run was stopped before.
    """
    stopped = NotSentError("the run was stopped before this was sent")
    if runtime.stopping():
        raise stopped
    turn = asyncio.ensure_future(runtime.throttle.wait_for_turn(provider))
    stop = asyncio.ensure_future(runtime.until_stopped())
    try:
        await asyncio.wait({turn, stop}, return_when=asyncio.FIRST_COMPLETED)
    except asyncio.CancelledError as cut:
        raise cut from stopped
    finally:
        turn.cancel()
        stop.cancel()
    if runtime.stopping() or turn.cancelled() or not turn.done():
        raise stopped
    turn.result()
