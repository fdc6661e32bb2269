"""A journal by its address: where it is kept is decided here, and nowhere else."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vidi.inference.tracking.journal.journal import FileJournal

if TYPE_CHECKING:
    from pathlib import Path

    from vidi.inference.tracking.journal.journal import Journal


def open_journal(
    address: Path, *, run: str = "", secrets: tuple[str, ...] = (), lock: Path | None = None
) -> Journal:
    """Open a journal, to read it or to go on with it.

    Args:
        address: A file, which is made when the first event is written.
        run: The id of the run that writes; empty for who only reads.
        secrets: Texts that are never written in what people and providers say.
        lock: The file by whose lock the folder is held; None where nothing will be bought.

    Raises:
        UsageError: It cannot be read.
    """
    return FileJournal(address, run=run, secrets=secrets, lock=lock)
