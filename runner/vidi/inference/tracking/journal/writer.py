"""The journal's writer: takes what is waiting, writes it, syncs once, and wakes everybody.

All of it is in one thread, so that no event loop waits for the disk. A batch is on record whole or
not at all; what could not be written, or may not survive a power failure, fails everyone who waits.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from vidi.errors import StorageError
from vidi.inference.tracking.batches import BatchThread, outlast
from vidi.inference.tracking.journal.entry import Entry, SharingReader, Written
from vidi.inference.tracking.journal.events import DURABLE, ENDING, PATIENT

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from vidi.inference.tracking.journal.event_types import Event
    from vidi.inference.tracking.journal.file import JournalFile


class JournalWriter:
    """Writes entries in their sequence.

    Args:
        file: Where they go.
        take_in: Called with each entry and what came of it, where it came from and before anybody
            is woken; raises what the one who waits is to be told.
        patience_s: Seconds that what is `PATIENT` waits for company, where others are under way.
    """

    def __init__(
        self, file: JournalFile, take_in: Callable[[Entry, Written], None], patience_s: float
    ) -> None:
        self._file = file
        self._sequence = 0
        self._under_way: set[str] = set()
        """The inferences that this run has begun to buy, and that have not ended."""
        self._patience_s = patience_s
        self._reader = SharingReader()
        self._thread = BatchThread("vidi-journal", self._write, take_in)

    async def write(self, entry: Entry) -> None:
        """Write one entry; a cancellation waits until it is known whether it was."""
        patient = entry.event in PATIENT and len(self._under_way) > 1  # nobody joins a lone one
        self._follow(entry)
        await outlast(self._thread.ask(entry, patience_s=self._patience_s if patient else 0))

    def close(self) -> None:
        """Write what is waiting."""
        self._thread.close()

    def _follow(self, entry: Entry) -> None:
        if entry.inference is not None and entry.event == "intent":
            self._under_way.add(entry.inference)
        elif entry.inference is not None and entry.event in ENDING:
            self._under_way.discard(entry.inference)

    def _write(self, batch: Sequence[Entry]) -> list[Written]:
        try:
            self._file.check_place()
        except StorageError as error:
            return [Written(None, error)] * len(batch)
        buys = any(entry.event == "intent" for entry in batch)
        refusal = self._find_refusal() if buys else None
        kept = [entry for entry in batch if entry.event != "intent" or refusal is None]
        events, unsafe = self._append(kept)
        late = self._find_refusal() if buys and refusal is None else None
        on_record = iter(events)
        return [
            Written(None, refusal)
            if refusal is not None and entry.event == "intent"
            else self._conclude(entry, next(on_record), unsafe, late)
            for entry in batch
        ]

    def _append(self, entries: Sequence[Entry]) -> tuple[list[Event | None], StorageError | None]:
        """Write entries; returns those that are on record, and why they may not be safe there."""
        texts = [
            f"{entry.before}{number}{entry.after}"
            for number, entry in enumerate(entries, start=self._sequence + 1)
        ]
        lines = [text.encode(errors="replace") for text in texts]
        try:
            if lines:
                self._file.append(lines, first=not self._sequence)
        except StorageError as error:
            return [None] * len(lines), error
        self._sequence += len(lines)
        events: list[Event | None] = [self._reader.read(line.decode()) for line in lines]
        try:
            if any(entry.event in DURABLE for entry in entries):
                self._file.sync()
        except StorageError as error:
            return events, error
        return events, None

    def _conclude(
        self,
        entry: Entry,
        event: Event | None,
        unsafe: StorageError | None,
        late: StorageError | None,
    ) -> Written:
        if unsafe is not None:
            return Written(event, unsafe)
        if entry.event == "intent" and late is not None:
            return Written(event, late)
        # A receipt is on record, and the next event of its inference stops the run.
        return Written(event, None if entry.event == "submitted" else self._find_displaced())

    def _find_refusal(self) -> StorageError | None:
        """Why nothing may be bought: the file is elsewhere, or another run writes here too."""
        try:
            self._file.check_alone()
        except StorageError as error:
            return self._find_displaced() or error
        return self._find_displaced()

    def _find_displaced(self) -> StorageError | None:
        displaced = self._file.displaced
        if displaced is None:
            return None
        return StorageError(f"{self._file.path} {displaced.what}", hint=displaced.hint)
