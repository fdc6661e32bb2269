"""When to submit and when to look again: within the providers' limits, rarely at a long job."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

from aiolimiter import AsyncLimiter

if TYPE_CHECKING:
    from collections.abc import Iterator

FIRST_LOOK_S = 0.05
LONGEST_WAIT_S = 5.0
GROWTH = 1.6
NOTICE = 0.05
"""The share of its duration by which the end of an inference may be noticed late."""

CREATES_PER_MINUTE = {"replicate": 600}
"""Documented limits (replicate.com/docs/topics/predictions/rate-limits); fal's queue has none."""


class Pace:
    """Learns how long each model takes, and spaces the looks by it."""

    def __init__(self) -> None:
        self._shortest: dict[str, float] = {}

    def learn(self, model: str, seconds: float) -> None:
        """Note how long one inference of a model took, from submit to result."""
        self._shortest[model] = min(seconds, self._shortest.get(model, seconds))

    def delays(self, model: str) -> Iterator[float]:
        """Seconds to wait before each look, without end.

        A model that has been seen is left alone until its shortest time is nearly over, and then
        looked at every twentieth of it; an unknown one is looked at ever more rarely.
        """
        known = self._shortest.get(model)
        delay = FIRST_LOOK_S
        if known is not None:
            yield max(FIRST_LOOK_S, known * (1 - NOTICE))
            delay = max(FIRST_LOOK_S, known * NOTICE)
        while True:
            yield min(delay, LONGEST_WAIT_S)
            delay *= GROWTH


class Throttle:
    """Holds submits back: to a provider's documented rate, and after it has said "not now"."""

    def __init__(self) -> None:
        self._limits = {name: AsyncLimiter(rate, 60) for name, rate in CREATES_PER_MINUTE.items()}
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
