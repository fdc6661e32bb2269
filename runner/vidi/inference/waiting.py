"""From receipt to result: look until the provider says how it ended, or the deadline comes."""

from __future__ import annotations

import asyncio
import time
from contextlib import suppress
from itertools import count
from typing import TYPE_CHECKING

from vidi.errors import CredentialsError, PollError, UnfinishedError
from vidi.inference.providers.provider import Failed, Running, Succeeded

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vidi.inference.providers.provider import Accepted, Provider
    from vidi.inference.request import InferenceRequest
    from vidi.inference.runtime import Runtime

FIRST_WATCH_S = 30.0
LONGEST_WATCH_S = 300.0
"""How long a provider's own word is waited for before a look makes sure that it is still there."""
REFUSALS_BELIEVED = 3
"""A gateway may refuse a good key once; a key that is refused so often in a row is not good."""
LAST_LOOK = 0.05
"""The share of the deadline by which the last look comes before it: the provider cancels at it."""
LONGEST_EARLY_S = 1.0


async def wait_for_end(
    request: InferenceRequest, accepted: Accepted, runtime: Runtime, *, sent_at: float | None
) -> Succeeded | Failed:
    """Look at a submitted inference until it has ended.

    One deadline covers the whole wait, from `sent_at`; the last look comes a little before it, as
    the provider has it too and then cancels by itself. A look that fails says nothing about the
    inference; it only makes the next look come later.

    Args:
        request: What was submitted.
        accepted: The provider's receipt.
        runtime: The means of the run.
        sent_at: When it was sent (monotonic seconds); None where an earlier run sent it, so that
            it may have ended long ago: the first look is at once, and the deadline counts anew.

    Raises:
        UnfinishedError: The deadline came first; the inference goes on at the provider.
        CredentialsError: The key is no longer accepted, so nobody can look.
    """
    provider = runtime.open_provider(request.model.provider)
    began = time.monotonic() if sent_at is None else sent_at
    delays = runtime.pace.delays(request.model.id, began)
    early = min(request.timeout_s * LAST_LOOK, LONGEST_EARLY_S)
    vigil = _Vigil(provider, accepted, delays, began + request.timeout_s - early)
    runtime.nudges[request.id] = vigil.nudge
    try:
        if sent_at is not None:
            await vigil.wait()
        end, looks = await _look_until_end(request, accepted, runtime, vigil)
    finally:
        del runtime.nudges[request.id]
    if sent_at is not None:
        _learn(request, end, runtime, time.monotonic() - began, looks)
    return end


async def _look_until_end(
    request: InferenceRequest, accepted: Accepted, runtime: Runtime, vigil: _Vigil
) -> tuple[Succeeded | Failed, int]:
    """Look again and again; returns the end, and how many looks came before the one that saw it."""
    provider = runtime.open_provider(request.model.provider)
    warned: set[str] = set()
    refusals = 0
    for looks in count():
        try:
            look = await provider.look(request.model, accepted)
        except PollError as error:
            runtime.notify(request.id, "look_failed", message=error.message)
            await vigil.sleep(error.retry_after or 0)
        except CredentialsError as error:
            refusals += 1
            if refusals < REFUSALS_BELIEVED:
                await vigil.sleep(refusals)
                continue
            raise CredentialsError(
                f"{error.message} (request {accepted.request_id} goes on at the provider)",
                hint=error.hint,
            ) from error
        else:
            refusals = 0
            if not isinstance(look, Running):
                return look, looks
            _tell(request, look, runtime, warned)
        if vigil.left <= 0:
            break
        await vigil.wait()
    raise UnfinishedError(
        f"still running after {request.timeout_s:g} s (request {accepted.request_id})",
        hint="Run the same command again to fetch it, or raise `timeout`.",
    )


class _Vigil:
    """The waits between looks: by the provider's own word where it gives it, else by the pace."""

    def __init__(
        self, provider: Provider, accepted: Accepted, delays: Iterator[float], deadline: float
    ) -> None:
        self.nudge = asyncio.Event()
        """Ends the wait at once."""
        self._provider = provider
        self._accepted = accepted
        self._delays = delays
        self._deadline = deadline
        self._watch_s = FIRST_WATCH_S
        self._watching = True

    @property
    def left(self) -> float:
        """Seconds until the deadline."""
        return self._deadline - time.monotonic()

    async def wait(self) -> None:
        """Return when the next look is due, at the deadline at the latest."""
        if self._watching and await self._watch():
            return
        await self.sleep(next(self._delays))

    async def sleep(self, seconds: float) -> None:
        """Sleep until nudged, but not past the deadline."""
        with suppress(TimeoutError):
            async with asyncio.timeout(max(0.0, min(seconds, self.left))):
                await self.nudge.wait()
                self.nudge.clear()

    async def _watch(self) -> bool:
        """Wait for the provider's own word; False where it has none to give.

        A stream that ends early, or that was right already, is not asked again.
        """
        seconds = max(0.0, min(self._watch_s, self.left))
        until = time.monotonic() + seconds
        watch = asyncio.ensure_future(self._provider.watch(self._accepted, seconds))
        nudge = asyncio.ensure_future(self.nudge.wait())
        try:
            await asyncio.wait({watch, nudge}, return_when=asyncio.FIRST_COMPLETED)
            told = nudge.done() or watch.result()
        finally:
            watch.cancel()
            nudge.cancel()
            await asyncio.gather(watch, nudge, return_exceptions=True)
        self.nudge.clear()
        self._watching = not told and time.monotonic() >= until
        self._watch_s = min(2 * self._watch_s, LONGEST_WATCH_S)
        return told or self._watching


def _learn(
    request: InferenceRequest,
    look: Succeeded | Failed,
    runtime: Runtime,
    seconds: float,
    looks: int,
) -> None:
    """Note how long it took: by the provider's own figure, else by when it was noticed."""
    if not isinstance(look, Succeeded):
        return
    total = look.metrics.get("total_time")
    if isinstance(total, int | float) and 0 < total < seconds:
        runtime.pace.learn(request.model.id, float(total))
    else:
        runtime.pace.learn(request.model.id, seconds, at_first_look=looks == 0)


def _tell(request: InferenceRequest, look: Running, runtime: Runtime, warned: set[str]) -> None:
    if not look.known and look.status not in warned:
        warned.add(look.status)
        runtime.journal.append("unknown_status", request.id, status=look.status)
        runtime.notify(request.id, "unknown_status", status=look.status)
        return
    runtime.notify(request.id, "running", status=look.status, position=look.queue_position)
