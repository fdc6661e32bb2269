"""What a store is kept in, whatever that is: named bytes that are put once and read by many."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Protocol

from vidi.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime
    from pathlib import Path


class StoreError(UsageError):
    """The store cannot be read or written, or what is in it is damaged."""

    code = "store"


class Blob(NamedTuple):
    """One thing that is kept."""

    name: str
    """With `/` between its parts."""
    size: int
    """Bytes."""
    changed_at: datetime
    """Aware."""


class Blobs(Protocol):
    """A place for named bytes. Safe with many writers: nothing is ever seen half written."""

    @property
    def where(self) -> str:
        """Its address, as people know it."""

    def list(self, prefix: str) -> Iterator[Blob]:
        """Everything whose name begins with a folder, such as `records/`.

        Raises:
            StoreError: It cannot be read.
        """

    def has(self, name: str) -> bool:
        """Whether something has that name.

        Raises:
            StoreError: It cannot be read.
        """

    def read(self, name: str) -> Iterator[bytes]:
        """What has that name, piece by piece.

        Raises:
            StoreError: Nothing has it, or it cannot be read.
        """

    def write(self, name: str, content: Path | bytes, *, replace: bool = False) -> bool:
        """Put something there whole; False where something is there already, which stays.

        Args:
            name: Its name.
            content: A file, or the bytes.
            replace: Put it in the place of what is there.

        Raises:
            StoreError: It cannot be written.
        """

    def delete(self, name: str) -> None:
        """Take something away; nothing happens where nothing is there.

        Raises:
            StoreError: It cannot be taken away.
        """


def describe_missing(where: str, name: str) -> StoreError:
    """What to say where something is not in the store that should be."""
    return StoreError(
        f"the store {where} has no {name}",
        hint="`vidi store verify` says what else is missing, and --remove takes it off the list.",
    )
