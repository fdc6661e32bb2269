"""Whose a provider's request is, over all journals: every request belongs to one attempt."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Collection


class Receipts(Protocol):
    """Where it is entered to which attempt a provider's request belongs."""

    async def take_receipt(self, inference: str, provider: str, request_id: str) -> bool:
        """Enter that a request is this inference's; False where it is another's already.

        Raises:
            StorageError: It could not be entered.
        """

    def enter_receipt(self, inference: str, provider: str, request_id: str) -> None:
        """Enter a receipt that the journal has already; neither waits nor raises."""

    async def find_taken(
        self, inference: str, provider: str, request_ids: Collection[str]
    ) -> Collection[str]:
        """Which of these requests are known to be another inference's.

        Raises:
            StorageError: What is entered cannot be read.
        """

    def find_begun(self, inferences: Collection[str]) -> Collection[str]:
        """Which of these other runs of the folder have begun, and no journal knows of it.

        Raises:
            StorageError: What is entered cannot be read.
        """

    def release_begun(self, inferences: Collection[str]) -> None:
        """Give back what those runs had set aside for them: it was not bought.

        Raises:
            StorageError: It could not be entered.
        """


class UnsharedReceipts:
    """Nobody else is known: what one journal knows is all there is."""

    async def take_receipt(self, inference: str, provider: str, request_id: str) -> bool:
        """Nobody else claims it."""
        del inference, provider, request_id
        return True

    def enter_receipt(self, inference: str, provider: str, request_id: str) -> None:
        """Nobody else would look."""

    async def find_taken(
        self, inference: str, provider: str, request_ids: Collection[str]
    ) -> Collection[str]:
        """Nobody else has any."""
        del inference, provider, request_ids
        return ()

    def find_begun(self, inferences: Collection[str]) -> Collection[str]:
        """Nobody else has begun any."""
        del inferences
        return ()

    def release_begun(self, inferences: Collection[str]) -> None:
        """There is nothing to give back."""
        del inferences
