"""fal's base prices: asked once for the models of a run, while it already buys.

Asking costs nothing. Where no answer comes in time, the prices that the templates keep count.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING

from vidi.errors import VidiError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence

    import httpx

    from vidi.inference.models.template import Billing, ModelInfo
    from vidi.inference.providers.documents import DocumentReader
    from vidi.inference.settings import Settings

    Found = Mapping[str, Billing]

ASKED = "fal"
"""The provider whose bills count in units of a base price."""
LONGEST_ASK_S = 20.0
"""How long a cost may wait for the answer, which is asked for when the run starts."""


class BasePrices:
    """What one unit costs of each model, by fal's own word or else by the template.

    Args:
        settings: Where fal is and who we are to it; None where nobody is to be asked.
        wire: What to send through instead of the network.
        note: Called once with each answer, by model id, before anything is priced by it; None
            where nobody listens.
    """

    def __init__(
        self,
        settings: Settings | None = None,
        wire: httpx.AsyncBaseTransport | None = None,
        note: Callable[[Found], Awaitable[None]] | None = None,
    ) -> None:
        self._settings = settings if settings is not None and ASKED in settings.keys else None
        self._wire = wire
        self._note = note
        self._reader: DocumentReader | None = None
        self._asked: dict[str, asyncio.Task[Found]] = {}
        self._noted: set[asyncio.Task[Found]] = set()

    def expect(self, models: Iterable[ModelInfo]) -> None:
        """Ask for the models that have not been asked for; returns at once."""
        names = {each.name for each in models if each.provider == ASKED} - self._asked.keys()
        if names and self._settings is not None:
            task = asyncio.create_task(self._find(self._open(self._settings), sorted(names)))
            self._asked |= dict.fromkeys(names, task)

    async def find(self, model: ModelInfo) -> Billing | None:
        """What one unit of a model costs; None where nobody knows."""
        self.expect([model])
        task = self._asked.get(model.name) if model.provider == ASKED else None
        if task is None:
            return model.billing
        found = await asyncio.shield(task)
        if found and self._note is not None and task not in self._noted:
            self._noted.add(task)
            await self._note({f"{ASKED}/{name}": price for name, price in found.items()})
        return found.get(model.name) or model.billing

    async def aclose(self) -> None:
        """Ask no longer."""
        tasks = set(self._asked.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        if self._reader is not None:
            await self._reader.aclose()

    def _open(self, settings: Settings) -> DocumentReader:
        if self._reader is None:
            from vidi.inference.providers.documents import DocumentReader

            self._reader = DocumentReader(settings, self._wire)
        return self._reader

    async def _find(self, reader: DocumentReader, names: Sequence[str]) -> Found:
        with suppress(TimeoutError, VidiError):
            async with asyncio.timeout(LONGEST_ASK_S):
                return await reader.read_base_prices(names)
        return {}
