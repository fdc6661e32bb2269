"""From request to receipt: upload the inputs, wait for a turn, send; again only where it is free.

What is sent again was provably not bought: the provider could not be reached, or refused for now.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from dataclasses import replace
from typing import TYPE_CHECKING

import tenacity

from vidi.errors import NotSentError, ThrottledError, WrongCallError
from vidi.inference.lifecycle.calls import call_as_known, find_other_call
from vidi.inference.lifecycle.post import Purchase, TurnLostError, post
from vidi.inference.providers.provider import Submission
from vidi.inference.request import replace_at
from vidi.inference.retrying import retry

if TYPE_CHECKING:
    from collections.abc import Mapping

    from vidi.inference.lifecycle.runtime import Runtime
    from vidi.inference.providers.provider import Provider
    from vidi.inference.request import InferenceRequest


async def submit(request: InferenceRequest, runtime: Runtime, *, attempt: int) -> Purchase:
    """Buy one inference: at most one request is accepted by the provider, whatever happens.

    Raises:
        RefusedError: The budget has no room; nothing was sent.
        NotSentError: The provider could not be reached; nothing was bought.
        ThrottledError: It kept refusing for now; nothing was bought.
        RejectedError: Refused for good, also in the other form of the call.
        CredentialsError: Refused for every inference of the account.
        InDoubtError: The outcome is unknown; the reservation stays.
    """
    provider = runtime.open_provider(request.model.provider)
    provider.prepare()
    submission = Submission(
        model=call_as_known(request.model, runtime),
        params=await _upload_inputs(request, provider, runtime),
        deadline_s=request.timeout_s,
        cancel_at_deadline=request.cancel_at_deadline or _is_bounded_by_time(request, runtime),
    )
    try:
        return await _send_patiently(request, submission, provider, runtime, attempt)
    except WrongCallError as error:
        model = await find_other_call(
            request.id, request.model, submission.model, provider, runtime
        )
        if model is None:
            raise error from None
    again = replace(submission, model=model)
    return await _send_patiently(request, again, provider, runtime, attempt)


def _is_bounded_by_time(request: InferenceRequest, runtime: Runtime) -> bool:
    """Whether the deadline is what bounds the price: then it must hold at the provider too."""
    once, twice = (
        runtime.prices.estimate(request.model, request.checked, times * request.timeout_s).high
        for times in (1, 2)
    )
    return once != twice


async def _send_patiently(
    request: InferenceRequest,
    submission: Submission,
    provider: Provider,
    runtime: Runtime,
    attempt: int,
) -> Purchase:
    """Send until it is accepted or refused for good; again only where nothing was bought."""

    async def send_once() -> Purchase:
        while True:
            turn_at = await _wait_for_turn(request.model.provider, runtime)
            with contextlib.suppress(TurnLostError):
                return await post(
                    request, submission, provider, runtime, attempt=attempt, turn_at=turn_at
                )

    def rules() -> tenacity.AsyncRetrying:
        return tenacity.AsyncRetrying(
            retry=tenacity.retry_if_exception_type((NotSentError, ThrottledError)),
            wait=lambda state: _wait_as_told(state, submission, runtime),
            stop=lambda state: _gives_up(state, submission, runtime),
            sleep=runtime.pause,
            reraise=True,
        )

    return await retry(send_once, rules)


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


def _wait_as_told(
    state: tenacity.RetryCallState, submission: Submission, runtime: Runtime
) -> float:
    """Seconds until the next try: the back-off, or what the provider said where that is longer."""
    error = state.outcome.exception() if state.outcome else None
    seconds = tenacity.wait_random_exponential(
        multiplier=runtime.retry_limits.first_wait_s, max=runtime.retry_limits.longest_wait_s
    )(state)
    if isinstance(error, ThrottledError):
        seconds = max(seconds, error.retry_after or 0)
        runtime.throttle.close_for(submission.model.provider, seconds)
    return seconds


def _gives_up(state: tenacity.RetryCallState, submission: Submission, runtime: Runtime) -> bool:
    if runtime.stopping():
        return True
    error = state.outcome.exception() if state.outcome else None
    if isinstance(error, ThrottledError):
        return (state.seconds_since_start or 0) > submission.deadline_s
    return state.attempt_number >= runtime.retry_limits.sends


async def _wait_for_turn(provider: str, runtime: Runtime) -> float:
    """Return when the next submit may go, with when that is: monotonic seconds.

    Raises:
        NotSentError: The run was stopped before.
    """
    stopped = NotSentError("the run was stopped before this was sent")
    if runtime.stopping():
        raise stopped
    if runtime.throttle.is_open(provider):
        return time.monotonic()
    turn = asyncio.ensure_future(runtime.throttle.wait_for_turn(provider))
    stop = asyncio.ensure_future(runtime.until_stopped())
    try:
        await asyncio.wait({turn, stop}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        turn.cancel()
        stop.cancel()
    if runtime.stopping() or turn.cancelled() or not turn.done():
        raise stopped
    turn.result()
    return time.monotonic()
