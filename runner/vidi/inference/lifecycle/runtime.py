"""What an inference is carried out with, handed from step to step as one value."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from vidi.inference.lifecycle.base_prices import BasePrices
from vidi.inference.lifecycle.pace import Pace, Throttle
from vidi.inference.lifecycle.sends import Sends
from vidi.inference.models.remembered_prices import RememberedPrices
from vidi.inference.tracking.bills import PastBills

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from vidi.inference.models.template import Call
    from vidi.inference.outputs.fetching.download import Fetcher
    from vidi.inference.providers.provider import Provider
    from vidi.inference.store.store import PurchaseStore
    from vidi.inference.tracking.books import Books
    from vidi.inference.tracking.budget import Budget
    from vidi.inference.tracking.journal.journal import Journal
    from vidi.inference.tracking.receipts import Receipts


class Listener(Protocol):
    """Who is told how an inference goes on (progress, logs)."""

    def __call__(self, inference: str, event: str, **detail: object) -> None:
        """Hear of one event; must return at once and never raise."""


@dataclass(frozen=True, slots=True)
class RetryLimits:
    """How long to go on trying what costs nothing. Seconds."""

    sends: int = 5
    """Attempts to reach a provider that cannot be reached."""
    first_wait_s: float = 0.5
    longest_wait_s: float = 20.0
    reconcile_s: float = 10.0
    """How long a provider is asked for a submit whose outcome is unknown: lists lag behind."""


SEND_WITHIN_S = 30.0
"""How soon after its intent a paid request leaves, or never: whoever waited longer than that, and
for the clocks, may take it for not sent."""


async def _never() -> None:
    await asyncio.Event().wait()


@dataclass(frozen=True, slots=True)
class Runtime:
    """What a run works with: who to ask, where to write, what may be spent, whom to tell."""

    open_provider: Callable[[str], Provider]
    """Provider name to provider; the same one each time."""
    books: Books
    """The journal and the money, and what changes both."""
    fetcher: Fetcher
    notify: Listener
    stopping: Callable[[], bool] = lambda: False
    """Whether nothing new may be submitted any more."""
    until_stopped: Callable[[], Awaitable[object]] = _never
    """Returns when nothing new may be submitted any more."""
    store: PurchaseStore | None = None
    """What other folders bought, and are given; None where there is none."""
    marks: bool = False
    """Whether files say that a model made them, where their request does not say it."""
    detach: bool = False
    """Whether nothing is waited for: what was submitted is left to the next run."""
    overwrite: bool = False
    """Whether a file that vidi did not make may be replaced."""
    base_prices: BasePrices = field(default_factory=BasePrices)
    """What fal's billable units cost."""
    bills: PastBills = field(default_factory=PastBills)
    """What was billed so far, beside what price rules said."""
    prices: RememberedPrices = field(default_factory=RememberedPrices)
    """What price rules say of what is bought."""
    pace: Pace = field(default_factory=Pace)
    throttle: Throttle = field(default_factory=Throttle)
    retry_limits: RetryLimits = field(default_factory=RetryLimits)
    calls: dict[tuple[str, Call | None], Call] = field(default_factory=dict)
    """Model id and its template's call, to the call that was accepted instead."""
    under_way: set[str] = field(default_factory=set)
    """The ids that are being carried out."""
    without_room: set[str] = field(default_factory=set)
    """Those of them that wait until a cap has room."""
    sends: Sends = field(default_factory=Sends)
    """Held from an intent to what came of it."""
    send_within_s: float = SEND_WITHIN_S
    """How soon after its intent a paid request leaves, or never."""
    placing: asyncio.Lock = field(default_factory=asyncio.Lock)
    """Held while files of the folder change their places and that is put on record."""
    wakes: dict[str, asyncio.Event] = field(default_factory=dict)
    """Set for an id that is waited for: look at it now."""
    leaves: dict[str, Callable[[], object]] = field(default_factory=dict)
    """Called for an id whose result is there, at the cost that was foreseen: another may begin."""

    @property
    def journal(self) -> Journal:
        """What happened to each inference."""
        return self.books.journal

    @property
    def budget(self) -> Budget:
        """What may still be spent."""
        return self.books.budget

    @property
    def receipts(self) -> Receipts:
        """What others have bought, so that one request is never taken for two purchases."""
        return self.books.receipts

    async def pause(self, seconds: float) -> None:
        """Wait, but only while something new may still be submitted."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self.until_stopped()
