"""From receipt to result: look until the provider says how it ended, or the deadline comes."""

from __future__ import annotations

import asyncio
import time
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import count
from typing import TYPE_CHECKING

from vidi.errors import CredentialsError, LostError, NotFoundError, PollError, UnfinishedError
from vidi.inference.outputs.limits import KEPT_S
from vidi.inference.providers.provider import Failed, Running, Succeeded

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

    from vidi.inference.lifecycle.runtime import Runtime
    from vidi.inference.providers.provider import Accepted, Provider
    from vidi.inference.request import InferenceRequest

MISSES_BELIEVED = 3
"""A request that is not known so often in a row is gone, unless it is too young to be seen yet."""
MISS_PAUSE_S = 0.5
VISIBLE_AFTER_S = 3.0
"""Seconds since its submit after which every request is visible to its owner."""
RESULT_VISIBLE_AFTER_S = 30.0
"""The same for the result of one that has ended."""
REFUSALS_BELIEVED = 3
"""A gateway may refuse a good key once; a key that is refused so often in a row is not good."""
LAST_POLL = 0.05
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
        runtime: What the run works with.
        sent_at: When it was sent (monotonic seconds); None where an earlier run sent it, so that
            it may have ended long ago: the first look is at once, and the deadline counts anew.

    Raises:
        UnfinishedError: The deadline came first, or nothing is waited for; the inference goes on
            at the provider.
        LostError: The provider no longer knows it.
        CredentialsError: The key is no longer accepted, so nobody can look.
    """
    if runtime.detach and sent_at is not None:
        raise _describe_left(request, accepted)
    provider = runtime.open_provider(request.model.provider)
    now = time.monotonic()
    # The provider has the same deadline and cancels at it (Replicate's `Cancel-After`): a poll just
    # before it still sees a result that would be gone, and billed, a moment later.
    early = min(request.timeout_s * LAST_POLL, LONGEST_EARLY_S)
    deadline = (now if sent_at is None else sent_at) + request.timeout_s - early
    if runtime.detach:
        deadline = now  # one look: what has ended meanwhile is fetched
    began = now - _measure_age(request, runtime)
    wake = runtime.wakes[request.id] = asyncio.Event()
    doubts = runtime.pace.doubts(request.model.id, began)
    schedule = PollSchedule(provider, accepted, doubts, wake, deadline)
    schedule.delays = runtime.pace.delays(request.model.id, began, schedule.teach)
    try:
        if sent_at is not None:
            await schedule.wait()
        end, polls = await _poll_until_end(request, accepted, runtime, schedule, began)
    finally:
        del runtime.wakes[request.id]
        await schedule.aclose()
    if sent_at is not None:
        at_first_poll = polls == 0 and not schedule.told
        _learn(request, end, runtime, time.monotonic() - sent_at, at_first_poll=at_first_poll)
    return end


def _measure_age(request: InferenceRequest, runtime: Runtime) -> float:
    """Seconds since it was submitted, in this run or in an earlier one.

    Asked once: the clock of the wall may be set while this one waits.
    """
    state = runtime.journal.states.get(request.id)
    if state is None or state.submitted_at is None:
        return 0.0
    return max(0.0, (datetime.now(UTC) - state.submitted_at).total_seconds())


async def _poll_until_end(
    request: InferenceRequest,
    accepted: Accepted,
    runtime: Runtime,
    schedule: PollSchedule,
    began: float,
) -> tuple[Succeeded | Failed, int]:
    """Look again and again; returns the end, and how many polls came before the one that saw it."""
    provider = runtime.open_provider(request.model.provider)
    warned: set[str] = set()
    refusals = 0
    aim = _Aim(accepted, provider.adopt(request.model, accepted.request_id))
    for polls in count():
        try:
            poll = await provider.poll(request.model, aim.accepted)
        except PollError as error:
            runtime.notify(request.id, "look_failed", message=error.message)
            pause = aim.miss(request, error, time.monotonic() - began)
            if pause is not None:
                await schedule.sleep(pause)
                continue
            await schedule.sleep(error.retry_after or 0)
        except CredentialsError as error:
            refusals += 1
            if refusals < REFUSALS_BELIEVED:
                await schedule.sleep(refusals)
                continue
            raise CredentialsError(
                f"{error.message} (request {accepted.request_id} goes on at the provider)",
                hint=error.hint,
            ) from error
        else:
            refusals = aim.misses = 0
            if not isinstance(poll, Running):
                return poll, polls
            await _tell(request, poll, runtime, warned)
        if schedule.left <= 0:
            break
        await schedule.wait()
    _check_lost(request, accepted, aim.misses and MISSES_BELIEVED)
    if runtime.detach:
        raise _describe_left(request, accepted)
    raise UnfinishedError(
        f"still running after {request.timeout_s:g} s (request {accepted.request_id})",
        hint="Run the same command again to fetch it, or raise `timeout`.",
    )


def _describe_left(request: InferenceRequest, accepted: Accepted) -> UnfinishedError:
    """Say that an inference is left running, and until when it can be collected."""
    kept = KEPT_S.get(request.model.provider)
    until = f" Its outputs are kept for {kept // 3600} h only." if kept else ""
    return UnfinishedError(
        f"left running (request {accepted.request_id})",
        hint=f"Run the same command again without --detach to fetch it.{until}",
    )


@dataclass(slots=True)
class _Aim:
    """Where an inference is looked at, and how often in a row it was not there."""

    accepted: Accepted
    """With the URLs that came with the receipt; once they lead nowhere, with the derived ones."""
    derived: Accepted
    """With the URLs as they are built from the id."""
    misses: int = 0

    def miss(self, request: InferenceRequest, error: PollError, age_s: float) -> float | None:
        """Note a look that showed nothing; returns the seconds until the next, None: as usual.

        Raises:
            UnfinishedError: It is not where it should be, nor anywhere else.
        """
        if not isinstance(error, NotFoundError):
            self.misses = 0
            return None
        known = self.accepted.urls
        if any(known.get(name) not in (None, url) for name, url in self.derived.urls.items()):
            self.accepted = self.derived
            return 0
        self.misses += 1
        _check_address(self.accepted, error)
        if age_s < (RESULT_VISIBLE_AFTER_S if error.of_result else VISIBLE_AFTER_S):
            return None
        _check_lost(request, self.accepted, self.misses)
        return self.misses * MISS_PAUSE_S


def _check_address(accepted: Accepted, error: NotFoundError) -> None:
    """Give up at once where requests have no such address: no waiting makes it one."""
    if error.http == 405:
        raise UnfinishedError(
            f"nobody can look at request {accepted.request_id}: {error.message}",
            hint="Run the same command again to look once more; its price stays reserved.",
        )


def _check_lost(request: InferenceRequest, accepted: Accepted, misses: int) -> None:
    """Give up a request that was not known so often in a row; only the user can settle it."""
    if misses >= MISSES_BELIEVED:
        raise LostError(
            f"{request.model.provider} does not know request {accepted.request_id}",
            hint="Look at the provider's own list of requests. `vidi reconcile JOB_FILE --not-paid "
            f"{request.id}` says that it was never billed; `--rebuy {request.id}` books it as paid "
            "and buys it again.",
        )


@dataclass(slots=True)
class PollSchedule:
    """The waits between polls: by the provider's own word where it gives it, else by the pace.

    A provider that is to give its word and says nothing is looked at all the same.
    """

    provider: Provider
    accepted: Accepted
    doubts: Iterator[float]
    """Seconds to wait for its word before each look all the same."""
    wake: asyncio.Event
    """Ends the wait at once."""
    deadline: float
    delays: Generator[float, None, None] = field(init=False)
    """Seconds to wait before each look, where the provider has no word to give."""
    taught: bool = False
    """Whether the delays have become others during a wait."""
    word: asyncio.Task[bool] | None = None
    listening: bool = True

    @property
    def left(self) -> float:
        """Seconds until the deadline."""
        return self.deadline - time.monotonic()

    @property
    def told(self) -> bool:
        """Whether the provider has told by itself that it ended."""
        word = self.word
        return word is not None and word.done() and not word.cancelled() and word.result()

    async def wait(self) -> None:
        """Return when the next look is due, at the deadline at the latest."""
        if not (self.listening and await self._listen()):
            await self.sleep(next(self.delays))
            while self.taught:  # what is known now says when to look, which need not be at once
                self.taught = False
                await self.sleep(next(self.delays))

    def teach(self) -> None:
        """Have a wait that goes on be as long as the delays say by now."""
        self.taught = True
        self.wake.set()

    async def sleep(self, seconds: float) -> None:
        """Sleep until woken, but not past the deadline."""
        with suppress(TimeoutError):
            async with asyncio.timeout(max(0.0, min(seconds, self.left))):
                await self.wake.wait()
                self.wake.clear()

    async def aclose(self) -> None:
        """Stop listening, and let others of the model look closely."""
        self.delays.close()
        if self.word is not None:
            self.word.cancel()
            await asyncio.gather(self.word, return_exceptions=True)

    async def _listen(self) -> bool:
        """Wait until a look is due by the provider's own word, or for want of it.

        Returns False where it has no word to give, at once or any more.
        """
        if self.word is None:
            self.word = asyncio.create_task(self.provider.watch(self.accepted, self.left))
            self.word.add_done_callback(lambda _: self.wake.set())
        await self.sleep(next(self.doubts))
        self.listening = not self.word.done()
        return self.listening or self.word.result()


def _learn(
    request: InferenceRequest,
    poll: Succeeded | Failed,
    runtime: Runtime,
    seconds: float,
    *,
    at_first_poll: bool,
) -> None:
    """Note how long it took: by the provider's own figure, else by when it was noticed."""
    if not isinstance(poll, Succeeded):
        return
    if poll.took_s is not None and 0 < poll.took_s < seconds:
        runtime.pace.learn(request.model.id, poll.took_s)
    else:
        runtime.pace.learn(request.model.id, seconds, at_first_poll=at_first_poll)


async def _tell(
    request: InferenceRequest, poll: Running, runtime: Runtime, warned: set[str]
) -> None:
    if not poll.known and poll.status not in warned:
        warned.add(poll.status)
        await runtime.journal.append("unknown_status", request.id, status=poll.status)
        runtime.notify(request.id, "unknown_status", status=poll.status)
        return
    runtime.notify(request.id, "running", status=poll.status, position=poll.queue_position)
