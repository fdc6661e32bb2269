"""The throttle of a run that shares its accounts with other runs, by way of the ledger.

Pacing spends no money, so a ledger that cannot be used never stops a run here: it falls back to
this process's own pace.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import math
import time
from typing import TYPE_CHECKING

from vidi.errors import StorageError
from vidi.inference.lifecycle.pace import Throttle
from vidi.inference.tracking.ledger.pace import (
    LEASE_S,
    Account,
    close_account,
    leave_place,
    look_for_turn,
    take_place,
    take_turn,
)

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Mapping

    from vidi.inference.tracking.ledger.connection import Ledger

OPEN_S = 0.25
"""How long a run that found an account open does not ask whether another was told "not now"."""
LOOK_AGAIN_S = 0.25
"""How often a run that waits for a place looks whether one is free."""


def name_account(provider: str, keys: Mapping[str, str]) -> Account:
    """Who buys from a provider, by the key: the same for all who have it, and it does not show."""
    key = keys.get(provider, "")
    return Account(provider, hashlib.sha256(key.encode()).hexdigest()[:16])


class SharedThrottle(Throttle):
    """Holds submits back together with every other process of a ledger.

    Args:
        ledger: Where the pace is kept.
        run: The id of the run; names the places that it holds.
        keys: Provider name to key; accounts are told apart by it.
        creates: Provider name to creates a minute, where they differ from the documented ones.
        places: Provider name to how many inferences it may have under way at once.
    """

    def __init__(
        self,
        ledger: Ledger,
        run: str,
        keys: Mapping[str, str],
        creates: Mapping[str, int],
        places: Mapping[str, int],
    ) -> None:
        super().__init__(creates, places)
        self._ledger = ledger
        self._run = run
        self._keys = keys
        self._seen_open: dict[str, float] = {}
        """When each provider's account was last found open; monotonic seconds."""

    def is_open(self, provider: str) -> bool:
        """Whether the next submit may go at once: nobody was told "not now" a moment ago."""
        return self._was_open_lately(provider) and super().is_open(provider)

    async def wait_for_turn(self, provider: str) -> None:
        """Return when the next submit to this provider may go."""
        account, rate = self._account(provider), self.creates.get(provider)
        try:
            asked = look_for_turn(account) if rate is None else take_turn(account, rate)
            may_go = False
            while not may_go:
                turn = await self._ledger.ask(asked)
                await asyncio.sleep(turn.wait_s)
                may_go = turn.granted
                if may_go and turn.wait_s:  # closed meanwhile: who has a turn is held back, too
                    may_go = (await self._ledger.ask(look_for_turn(account))).granted
        except StorageError:
            await super().wait_for_turn(provider)
            return
        self._seen_open[provider] = time.monotonic()

    async def takes_back(self, provider: str, turn_at: float) -> bool:
        """Whether a turn is worth nothing any more: some process was told "not now" since."""
        if await super().takes_back(provider, turn_at):
            return True
        # Many wait for one of the few that may send: one look is enough for all of them.
        if time.monotonic() - turn_at < OPEN_S or self._was_open_lately(provider):
            return False
        try:
            turn = await self._ledger.ask(look_for_turn(self._account(provider)))
        except StorageError:
            return False
        if turn.granted:
            self._seen_open[provider] = time.monotonic()
        return not turn.granted

    def close_for(self, provider: str, seconds: float) -> None:
        """Let nobody submit to this account for so long, in any process."""
        super().close_for(provider, seconds)
        self._ledger.begin(close_account(self._account(provider), seconds))

    @contextlib.asynccontextmanager
    async def place(
        self, provider: str, inference: str, stopping: Callable[[], bool]
    ) -> AsyncIterator[None]:
        """Hold one of the provider's places, if it has a number of them."""
        most = self.places.get(provider)
        if most is None:
            yield
            return
        account, holder = self._account(provider), f"{self._run}/{inference}"
        while not await self._take(account, holder, most) and not stopping():
            await asyncio.sleep(LOOK_AGAIN_S)
        keeper = asyncio.create_task(self._keep(account, holder, most))
        try:
            yield
        finally:
            keeper.cancel()
            await asyncio.gather(keeper, return_exceptions=True)
            self._ledger.begin(leave_place(account, holder))

    async def _take(self, account: Account, holder: str, most: int) -> bool:
        try:
            return await self._ledger.ask(take_place(account, holder, most))
        except StorageError:
            return True

    async def _keep(self, account: Account, holder: str, most: int) -> None:
        while True:
            await asyncio.sleep(LEASE_S / 3)
            await self._take(account, holder, most)

    def _was_open_lately(self, provider: str) -> bool:
        return time.monotonic() - self._seen_open.get(provider, -math.inf) < OPEN_S

    def _account(self, provider: str) -> Account:
        return name_account(provider, self._keys)
