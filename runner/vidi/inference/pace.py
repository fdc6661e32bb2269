"""When to submit and when to look again: within the providers' limits, rarely at a long job."""

from __future__ import annotations

import asyncio
import contextlib
import time
from typing import TYPE_CHECKING

from aiolimiter import AsyncLimiter

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator, Mapping

FIRST_LOOK_S = 0.05
LONGEST_WAIT_S = 5.0
GROWTH = 1.6
"""How much longer each wait is than the one before, while nobody knows how long a model takes."""
EARLY = 0.05
"""The share of its known duration by which the first look comes before its end."""
STEP = 0.04
"""The share of it between the looks after that: so late its end may be noticed."""
STEP_GROWTH = 1.25

CREATES_PER_MINUTE = {"replicate": 600}
"""Documented limits (replicate.com/docs/topics/predictions/rate-limits); fal's queue has none."""


class Pace:
    """Learns how long each model takes, and spaces the looks by it."""

    def __init__(self) -> None:
        self._shortest: dict[str, float] = {}

    def learn(self, model: str, seconds: float, *, at_first_look: bool = False) -> None:
        """Note how long one inference of a model took, from submit to result.

        Args:
            model: Its id.
            seconds: How long it took at most.
            at_first_look: Whether it had ended when it was first looked at, who knows when; the
                next first look then comes earlier.
        """
        if at_first_look:
            seconds *= 1 - EARLY
        self._shortest[model] = min(seconds, self._shortest.get(model, seconds))

    def delays(self, model: str, began: float) -> Iterator[float]:
        """Seconds to wait before each look, without end.

        A model that has been seen is left alone until its shortest time is nearly over, and then
        looked at every twenty-fifth of it; an unknown one is looked at ever more rarely.

        Args:
            model: Its id.
            began: When this one was sent, in monotonic seconds.
        """
        known = self._shortest.get(model)
        delay, growth = FIRST_LOOK_S, GROWTH
        if known is not None:
            due = began + known * (1 - EARLY) - time.monotonic()
            yield max(FIRST_LOOK_S, due)
            delay, growth = max(FIRST_LOOK_S, known * STEP), STEP_GROWTH
        while True:
            yield min(delay, LONGEST_WAIT_S)
            delay *= growth


class Throttle:
    """Holds submits back: to a provider's rate, and after it has said "not now".

    Args:
        creates: Provider name to creates a minute, where they differ from the documented ones.
        places: Provider name to how many inferences it may have under way at once.
    """

    def __init__(
        self, creates: Mapping[str, int] | None = None, places: Mapping[str, int] | None = None
    ) -> None:
        self.creates = {**CREATES_PER_MINUTE, **(creates or {})}
        self.places = {**(places or {})}
        self._limits = {name: AsyncLimiter(rate, 60) for name, rate in self.creates.items()}
        self._rooms = {name: asyncio.Semaphore(most) for name, most in self.places.items()}
        self._closed_until: dict[str, float] = {}

    async def wait_for_turn(self, provider: str) -> None:
        """Return when the next submit to this provider may go."""
        while (wait := self._closed_until.get(provider, 0.0) - time.monotonic()) > 0:
            await asyncio.sleep(wait)
        if provider in self._limits:
            await self._limits[provider].acquire()

    def close_for(self, provider: str, seconds: float) -> None:
        """Let nobody submit to this provider for so long."""
        until = time.monotonic() + seconds
        self._closed_until[provider] = max(until, self._closed_until.get(provider, 0.0))

    @contextlib.asynccontextmanager
    async def place(
        self, provider: str, inference: str, stopping: Callable[[], bool]
    ) -> AsyncIterator[None]:
        """Hold one of a provider's places for an inference, if it has a number of them.

        A run that is stopping may be let through: it must look again before it begins.
        """
        del inference, stopping
        async with self._rooms.get(provider) or contextlib.nullcontext():
            yield
