"""Writing and hashing in a thread while the next block is read from the wire."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from types import TracebackType

    from vidi.inference.outputs.keeping.staging import Staging

BLOCK_BYTES = 1024 * 1024
"""How much is gathered before a thread is asked to write it."""


class Blocks:
    """Gathers pieces into blocks; at most one is being written and one being gathered."""

    def __init__(self, staging: Staging) -> None:
        self._staging = staging
        self._pieces: list[bytes] = []
        self._held = 0
        self._writing: asyncio.Future[None] | None = None
        self.size = staging.size
        """Bytes of the file so far, those not yet written among them."""

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Write what is left: what came before a broken stream counts for resuming it."""
        if isinstance(error, asyncio.CancelledError):
            return
        await self._settle()
        self._staging.write(self._pieces)

    async def add(self, piece: bytes) -> None:
        """Take the next piece."""
        self._pieces.append(piece)
        self._held += len(piece)
        self.size += len(piece)
        if self._held >= BLOCK_BYTES:
            await self._settle()
            loop = asyncio.get_running_loop()
            self._writing = loop.run_in_executor(None, self._staging.write, self._pieces)
            self._pieces, self._held = [], 0

    async def _settle(self) -> None:
        if self._writing is not None:
            writing, self._writing = self._writing, None
            await writing
