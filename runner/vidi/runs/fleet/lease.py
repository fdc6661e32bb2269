"""The lease of a shard, kept while it is worked on; whoever has lost it begins nothing new."""

from __future__ import annotations

import asyncio
import time
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from vidi.errors import StorageError
from vidi.inference.tracking.fleet.shards import renew_shard
from vidi.runs.execution.stopping import CANCEL

if TYPE_CHECKING:
    from vidi.inference.tracking.fleet.settings import FleetSettings
    from vidi.inference.tracking.fleet.shards import Shard
    from vidi.inference.tracking.ledger.connection import Ledger
    from vidi.runs.execution.stopping import Stop

LATE = 3
"""Renewals in a row that come too late: such a machine is starved, and gives the shard up."""


@dataclass(slots=True)
class LeaseKeeper:
    """Renews a lease until cancelled."""

    ledger: Ledger
    held: Shard
    settings: FleetSettings
    stop: Stop
    lost: bool = False
    """Whether somebody else may hold the shard by now."""

    async def keep(self) -> None:
        """Renew, and press `stop` where the shard is lost or nothing new is wanted of it."""
        late = 0
        while not self.lost:
            due = time.monotonic() + self.settings.renew_s
            await asyncio.sleep(self.settings.renew_s)
            late = late + 1 if time.monotonic() - due > self.settings.renew_s else 0
            if late == LATE:
                self._press(1)
            with suppress(StorageError):  # the next one may come through; until then it lasts
                await self._renew()

    async def _renew(self) -> None:
        renewal = renew_shard(self.held, seconds=self.settings.lease_s)
        standing = await self.ledger.ask(renewal)
        if not standing.held:
            self.lost = True
        if not (standing.held and standing.running):
            self._press(CANCEL if standing.held and standing.cancel else 1)

    def _press(self, level: int) -> None:
        while self.stop.level < level:
            self.stop.press()
