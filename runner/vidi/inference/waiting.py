"""From receipt to result: look until the provider says how it ended, or the deadline comes."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

from vidi.errors import CredentialsError, PollError, UnfinishedError
from vidi.inference.providers.provider import Failed, Running, Succeeded

if TYPE_CHECKING:
    from vidi.inference.providers.provider import Accepted, Look
    from vidi.inference.request import InferenceRequest
    from vidi.inference.runtime import Runtime


async def wait_for_end(
    request: InferenceRequest, accepted: Accepted, runtime: Runtime, *, began: float
) -> Succeeded | Failed:
    """Look at a submitted inference until it has ended.

    One deadline covers the whole wait, from `began` (monotonic seconds). It began before the
    provider's own clock did, so the last look comes before the provider cancels by itself. A look
    that fails says nothing about the inference; it only makes the next look come later.

    Raises:
        UnfinishedError: The deadline came first; the inference goes on at the provider.
        CredentialsError: The key is no longer accepted, so nobody can look.
    """
    provider = runtime.open_provider(request.model.provider)
    deadline = began + request.timeout_s
    warned: set[str] = set()
    for delay in runtime.pace.delays(request.model.id):
        await asyncio.sleep(max(0.0, min(delay, deadline - time.monotonic())))
        try:
            look: Look = await provider.look(request.model, accepted)
        except PollError as error:
            runtime.notify(request.id, "look_failed", message=error.message)
            await _sleep_until(error.retry_after, deadline)
        except CredentialsError as error:
            raise CredentialsError(
                f"{error.message} (request {accepted.request_id} goes on at the provider)",
                hint=error.hint,
            ) from error
        else:
            if not isinstance(look, Running):
                runtime.pace.learn(request.model.id, time.monotonic() - began)
                return look
            _tell(request, look, runtime, warned)
        if time.monotonic() >= deadline:
            break
    raise UnfinishedError(
        f"still running after {request.timeout_s:g} s (request {accepted.request_id})",
        hint="Run the same command again to fetch it, or raise `timeout`.",
    )


async def _sleep_until(seconds: float | None, deadline: float) -> None:
    if seconds:
        await asyncio.sleep(max(0.0, min(seconds, deadline - time.monotonic())))


def _tell(request: InferenceRequest, look: Running, runtime: Runtime, warned: set[str]) -> None:
    if not look.known and look.status not in warned:
        warned.add(look.status)
        runtime.journal.append("unknown_status", request.id, status=look.status)
        runtime.notify(request.id, "unknown_status", status=look.status)
        return
    runtime.notify(request.id, "running", status=look.status, position=look.queue_position)
