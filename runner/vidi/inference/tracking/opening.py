"""A journal by its address: where it is kept is decided here, and nowhere else."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, overload

from vidi.inference.tracking.journal.journal import FileJournal

if TYPE_CHECKING:
    from vidi.inference.tracking.fleet.journal import WholeJournal
    from vidi.inference.tracking.journal.journal import Journal
    from vidi.inference.tracking.ledger.connection import Ledger


class SharedJournal(NamedTuple):
    """Where the journal of a job is that several machines share."""

    ledger: Ledger
    """Its database, which stays its owner's to close."""
    job: str
    """Its name there."""


@overload
def open_journal(
    address: Path, *, run: str = "", secrets: tuple[str, ...] = (), lock: Path | None = None
) -> Journal: ...


@overload
def open_journal(
    address: SharedJournal, *, run: str = "", secrets: tuple[str, ...] = (), writer: str = ""
) -> WholeJournal: ...


def open_journal(
    address: Path | SharedJournal,
    *,
    run: str = "",
    secrets: tuple[str, ...] = (),
    lock: Path | None = None,
    writer: str = "",
) -> Journal:
    """Open a journal, to read it or to go on with it.

    Args:
        address: A file, which is made when the first event is written, or a job in a database, of
            which nothing is read yet.
        run: The id of the run that writes; empty for who only reads.
        secrets: Texts that are never written in what people and providers say.
        lock: The file by whose lock the folder is held; None where nothing will be bought.
        writer: Names who writes where several machines do.

    Raises:
        UsageError: It cannot be read.
    """
    if isinstance(address, Path):
        return FileJournal(address, run=run, secrets=secrets, lock=lock)
    from vidi.inference.tracking.fleet.journal import WholeJournal  # no file needs it

    return WholeJournal(address.ledger, address.job, run, writer, secrets)
