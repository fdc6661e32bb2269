"""When to submit and when to look again: within the providers' limits, rarely at a long job."""

from __future__ import annotations

import asyncio
import contextlib
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Generator, Mapping

    from aiolimiter import AsyncLimiter

FIRST_LOOK_S = 0.05
LONGEST_WAIT_S = 10.0
SCOUT_STEP_S, SCOUT_STEP = 0.05, 0.04
"""How long, at least and as a share of its age, the scout of an unknown model is left alone: so
late the end of its whole wave is noticed. It is one inference of a model, and looks are free."""
MOST_SCOUTS = 8
"""So many may look so closely at once; more share their looks (Replicate takes 3,000 a minute)."""
OTHERS_STEP_S, OTHERS_STEP = 5.0, 0.6
"""The same for the others of that model, which wait for what the scout teaches."""
CLOSE_STEP = 0.04
"""The share of its known duration between two polls at what is due: so late its end is noticed."""
CLOSE_GROWTH = 1.25
EARLY = 0.05
"""How much earlier the next first look comes where the last one came too late."""

OVERDUE = 1.2
"""After how many times a model's known duration the provider's own word is overdue."""
DOUBT_STEP_S, DOUBT_STEP = 3.0, 0.8
"""How long, at least and as a share of its age, the provider's own word is waited for alone."""
LONGEST_DOUBT_S = 30.0

CREATES_PER_MINUTE = {"replicate": 600}
"""Documented limits (replicate.com/docs/topics/predictions/rate-limits); fal's queue has none."""


class Pace:
    """Learns how long each model takes, and spaces the polls by it.

    Args:
        clock: Monotonic seconds.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._shortest: dict[str, float] = {}
        self._scouts: set[str] = set()
        self._waiting: dict[str, set[Callable[[], object]]] = {}

    def learn(self, model: str, seconds: float, *, at_first_poll: bool = False) -> None:
        """Note how long one inference of a model took, from submit to result.

        Args:
            model: Its id.
            seconds: How long it took at most.
            at_first_poll: Whether it had ended when it was first looked at, who knows when; the
                next first look then comes earlier.
        """
        if at_first_poll:
            seconds *= 1 - EARLY
        self._shortest[model] = min(seconds, self._shortest.get(model, seconds))
        for wake in self._waiting.pop(model, ()):
            wake()

    def delays(
        self, model: str, began: float, wake: Callable[[], object]
    ) -> Generator[float, None, None]:
        """Seconds to wait before each look, without end. To be closed by who stops looking.

        A model that has been seen is left alone until its shortest time is over, and then looked
        at every twenty-fifth of it. Of the inferences of an unknown one, the first is looked at
        closely, and the others rarely until it has ended.

        Args:
            model: Its id.
            began: When this one began, by the same clock.
            wake: Called when the model becomes known, during a wait that did not know it yet.
        """
        yield from self._explore(model, began, wake)
        known = self._shortest[model]
        yield max(FIRST_LOOK_S, began + known - self._clock())
        delay = max(FIRST_LOOK_S, known * CLOSE_STEP)
        while True:
            yield min(delay, LONGEST_WAIT_S)
            delay *= CLOSE_GROWTH

    def doubts(self, model: str, began: float) -> Generator[float, None, None]:
        """Seconds to wait for a provider's own word before each look that makes sure.

        Args:
            model: The id of the model.
            began: When this one began, by the same clock.
        """
        if model in self._shortest:
            overdue = began + self._shortest[model] * OVERDUE
            yield max(FIRST_LOOK_S, overdue + FIRST_LOOK_S - self._clock())
        while True:
            age = self._clock() - began
            yield min(max(DOUBT_STEP_S, age * DOUBT_STEP), LONGEST_DOUBT_S)

    def _explore(
        self, model: str, began: float, wake: Callable[[], object]
    ) -> Generator[float, None, None]:
        """The waits until somebody knows how long the model takes.

        One of them scouts. Where it ends and has taught nothing, as after a failure, another does.
        """
        scouting = False
        try:
            while model not in self._shortest:
                self._waiting.setdefault(model, set()).add(wake)
                if not scouting and model not in self._scouts:
                    scouting = True
                    self._scouts.add(model)
                    yield FIRST_LOOK_S
                    continue
                least, step = (
                    (SCOUT_STEP_S, SCOUT_STEP) if scouting else (OTHERS_STEP_S, OTHERS_STEP)
                )
                shared = max(1.0, len(self._scouts) / MOST_SCOUTS) if scouting else 1.0
                wait_s = shared * max(least, (self._clock() - began) * step)
                yield min(wait_s, LONGEST_WAIT_S)
        finally:
            waiting = self._waiting.get(model, set())
            waiting.discard(wake)
            if scouting:
                self._scouts.discard(model)
                for follow in [*waiting][:1]:
                    follow()


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
        self._limits: dict[str, AsyncLimiter] = {}
        """Each made for the first that waits for a turn there."""
        self._rooms = {name: asyncio.Semaphore(most) for name, most in self.places.items()}
        self._closed_until: dict[str, float] = {}

    def is_open(self, provider: str) -> bool:
        """Whether the next submit to this provider may go at once: nobody need be asked."""
        return provider not in self.creates and self._closed_for(provider) <= 0

    async def wait_for_turn(self, provider: str) -> None:
        """Return when the next submit to this provider may go."""
        while True:
            while (wait := self._closed_for(provider)) > 0:
                await asyncio.sleep(wait)
            if provider in self.creates:
                await self._limit_of(provider).acquire()
            if self._closed_for(provider) <= 0:
                return  # else it was closed while this one waited, and holds it back too

    def _limit_of(self, provider: str) -> AsyncLimiter:
        if provider not in self._limits:
            from aiolimiter import AsyncLimiter

            self._limits[provider] = AsyncLimiter(self.creates[provider], 60)
        return self._limits[provider]

    async def takes_back(self, provider: str, turn_at: float) -> bool:
        """Whether a turn is worth nothing any more: the provider has said "not now" since.

        Args:
            provider: Its name.
            turn_at: When the turn came, in monotonic seconds.
        """
        del turn_at
        return self._closed_for(provider) > 0

    def _closed_for(self, provider: str) -> float:
        """Seconds for which nobody may submit to a provider."""
        return self._closed_until.get(provider, 0.0) - time.monotonic()

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
