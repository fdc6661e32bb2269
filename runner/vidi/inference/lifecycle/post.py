"""One paid request: set aside and noted before it leaves, and what became of it noted after.

Between two requests nothing is open: what waits for its turn, or was told to come again later, has
provably not been bought, and a run that is cut off then leaves no doubt about it.
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from vidi.errors import (
    CredentialsError,
    InDoubtError,
    LeaseLostError,
    NotSentError,
    RejectedError,
    StorageError,
    ThrottledError,
    VidiError,
)
from vidi.inference.lifecycle.calls import describe_call
from vidi.inference.lifecycle.room import STOPPED, unless_stopped, with_room
from vidi.inference.lifecycle.sent_params import describe_sent
from vidi.inference.models.prices.pricing import date_prices
from vidi.inference.providers.transport.call import read_send_error
from vidi.inference.tracking.books import Reservation
from vidi.inference.tracking.journal.charges import number_next

if TYPE_CHECKING:
    from decimal import Decimal

    from vidi.inference.lifecycle.runtime import Runtime
    from vidi.inference.providers.provider import Accepted, Provider, Submission
    from vidi.inference.request import InferenceRequest


class Purchase(NamedTuple):
    """A receipt, and when the request left: monotonic seconds."""

    accepted: Accepted
    sent_at: float


class TurnLostError(Exception):
    """The provider has said "not now" since this one's turn came: it waits for another."""


async def post(
    request: InferenceRequest,
    submission: Submission,
    provider: Provider,
    runtime: Runtime,
    *,
    attempt: int,
    turn_at: float,
) -> Purchase:
    """Send one paid request, at most once on the wire.

    Args:
        request: What is asked for.
        submission: What is sent for it.
        provider: Whom it is sent to.
        runtime: What the run works with.
        attempt: Which attempt of this run it belongs to, from 1.
        turn_at: When its turn came, in monotonic seconds.

    Raises:
        TurnLostError: The provider has told another to come later; nothing was noted or sent.
        RefusedError: The budget has no room; nothing was sent.
        NotSentError: The provider could not be reached; nothing was bought.
        ThrottledError: It refused for now; nothing was bought.
        RejectedError: Refused for good.
        CredentialsError: Refused for every inference of the account.
        InDoubtError: The outcome is unknown; the reservation stays.
        StorageError: The journal or the ledger cannot be written.
    """
    return await with_room(
        request.id,
        lambda: _begin_and_send(request, submission, provider, runtime, attempt, turn_at),
        runtime,
    )


async def _begin_and_send(
    request: InferenceRequest,
    submission: Submission,
    provider: Provider,
    runtime: Runtime,
    attempt: int,
    turn_at: float,
) -> Purchase:
    """Set aside, note and send; few at once are between their intent and what came of it."""
    async with runtime.sends.place() as leave_later:
        if runtime.stopping():
            raise NotSentError(STOPPED)
        # It may have waited long for room under a cap, or for one of the few places.
        if await runtime.throttle.takes_back(request.model.provider, turn_at):
            raise TurnLostError
        before = runtime.journal.states.get(request.id)
        number = number_next(before.charges if before is not None else ())
        # Reserved before it is noted, noted before it is sent: a kill between any two leaves at
        # worst money set aside for nothing, never something bought that no record knows.
        amount = find_reserve(request, runtime)
        reservation = Reservation(amount, request.model.id, number)
        intent = _describe_intent(request, submission, attempt, amount)
        began = await unless_stopped(
            runtime.books.begin_purchase(request.id, reservation, intent), runtime
        )
        in_time = replace(submission, send_by=began + runtime.send_within_s)
        runtime.books.sending.add(request.id)
        leave_later()
        try:
            runtime.notify(request.id, "intent", reserved=amount)
            return await _send_and_record(request, in_time, provider, runtime)
        finally:
            runtime.books.sending.discard(request.id)


async def _send_and_record(
    request: InferenceRequest, submission: Submission, provider: Provider, runtime: Runtime
) -> Purchase:
    """Send, and write down what became of it before anything else happens."""
    sent_at = time.monotonic()
    try:
        accepted = await provider.submit(submission)
    except (NotSentError, ThrottledError, RejectedError, CredentialsError) as error:
        await _record_refusal(request, runtime, error)
        raise
    except InDoubtError as error:
        await runtime.journal.append("in_doubt", request.id, error=describe_error(error))
        raise
    except asyncio.CancelledError as cut:
        # A third Ctrl-C may fall between two bytes: only the connection knows if one was sent.
        await _record_cut(request, runtime, read_send_error(cut))
        raise
    # From this line on it is never submitted again: the provider's id is on the disk.
    await _keep_receipt(request, accepted, runtime)
    runtime.notify(request.id, "submitted", request_id=accepted.request_id)
    return Purchase(accepted, sent_at)


async def _keep_receipt(request: InferenceRequest, accepted: Accepted, runtime: Runtime) -> None:
    provider, receipt = request.model.provider, accepted.request_id
    try:
        await runtime.books.record_submitted(request.id, provider, receipt, accepted.urls)
    except LeaseLostError:
        raise  # it is on record, as an orphan
    except StorageError as error:
        raise StorageError(
            f"{error.message}; {request.id} was bought as {accepted.request_id}",
            hint=f"{error.hint} Then `vidi reconcile` with "
            f"--paid {request.id}={accepted.request_id} takes it up.",
        ) from error


def describe_error(error: VidiError) -> dict[str, str]:
    """An error as the journal and the manifest hold it."""
    return {"code": error.code, "message": error.message, "hint": error.hint}


def find_reserve(request: InferenceRequest, runtime: Runtime) -> Decimal:
    """USD that an inference may cost at most, by what has been billed until now."""
    rule = request.estimate.rule
    if rule is None:
        return request.reserve
    return max(request.reserve, runtime.bills.scale(request.model, rule))


def describe_rule(request: InferenceRequest) -> dict[str, object]:
    """What the price rule alone says, where that is not the estimate, and when it was true."""
    price, rule = request.estimate, request.estimate.rule
    as_of: dict[str, object] = {"priced_as_of": date_prices(request.model)}
    if rule is not None and rule == (price.low, price.high, price.high):
        return as_of
    return {**as_of, "rule_usd": None if rule is None else rule._asdict()}


def _describe_intent(
    request: InferenceRequest, submission: Submission, attempt: int, reserved: Decimal
) -> dict[str, object]:
    return {
        **describe_call(request.model, submission.model),
        "attempt": attempt,
        "model": request.model.id,
        "fingerprint": request.fingerprint,
        "number": request.number,
        "params": request.described_params(),
        "sent": describe_sent(request, submission.params),
        "inputs": dict(request.inputs),
        "reserved_usd": reserved,
        "estimate_usd": {"low": request.estimate.low, "high": request.estimate.high},
        "breakdown": [line.to_json() for line in request.estimate.lines],
        **describe_rule(request),
    }


async def _record_refusal(request: InferenceRequest, runtime: Runtime, error: VidiError) -> None:
    described = describe_error(error)
    if isinstance(error, RejectedError) and error.paid:
        paid = runtime.journal.states[request.id].reserved
        fields = {"status": "failed", "basis": "estimated", "error": described}
        await runtime.books.record_settled(request.id, paid, fields)
    else:
        await runtime.books.record_refused(request.id, described)


async def _record_cut(
    request: InferenceRequest, runtime: Runtime, fate: InDoubtError | NotSentError
) -> None:
    """Note what became of a request that was cut off by the end of the run."""
    if isinstance(fate, NotSentError):
        await _record_refusal(request, runtime, fate)
    else:
        await runtime.journal.append("in_doubt", request.id, error=describe_error(fate))
