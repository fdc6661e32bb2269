"""The journal of an output folder: append-only, one JSON object a line, the only source of truth.

A line is whole or it does not count: a torn last line (the machine went down in the middle of it)
is dropped and overwritten; anything else that cannot be read, and a line that does not follow the
one before it, is refused with its place, never guessed at.
"""

from __future__ import annotations

import json
from codecs import BOM_UTF8
from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any, BinaryIO, Protocol, Self, TypeGuard

from vidi.errors import Place, StorageError, UsageError
from vidi.inference.models.prices.money import json_number
from vidi.inference.tracking.journal.checksum import SINCE, fits_checksum, has_checksum
from vidi.inference.tracking.journal.entry import Entry, Written
from vidi.inference.tracking.journal.events import JOURNAL_SCHEMA, PATIENCE_S, InferenceState
from vidi.inference.tracking.journal.file import JournalFile
from vidi.inference.tracking.journal.position import Position
from vidi.inference.tracking.journal.replay import Replay
from vidi.inference.tracking.redaction import list_texts, redact_texts
from vidi.strict_json import write_json

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path
    from types import TracebackType

    from vidi.inference.tracking.journal.event_types import Event
    from vidi.inference.tracking.journal.events import EventKind
    from vidi.inference.tracking.journal.snapshot import Snapshot
    from vidi.inference.tracking.journal.writer import JournalWriter

SPOKEN = frozenset({"error", "message", "metrics", "output", "params", "status", "vars", "warning"})
"""The fields of an event that may repeat what a person or a provider has said."""
RESTORE = (
    "Restore the file from a backup, or see what can be saved with `vidi doctor FOLDER`. To start "
    "afresh, move the whole folder away: everything in it would then be bought again."
)
SNAPSHOT = ".vidi/folded.jsonl"
"""Beside a journal: what it folds to."""
WORTHWHILE = 1000
"""Lines that are folded as fast as a snapshot of them would be looked for."""
_FIXED = frozenset({"ts", "run", "seq", "event"})
"""The fields of every event."""


class Journal(Protocol):
    """Where events go and states come from. Nothing else may know that it is a file."""

    header: Event | None
    """The `run_started` of the run before this one, or of this one once it has begun."""
    headers: list[Event]
    """The `run_started` of every run, oldest first; `header` is the last of them."""

    @property
    def states(self) -> Mapping[str, InferenceState]:
        """What is known of each inference, this run's events included."""

    @property
    def shelf(self) -> Mapping[str, InferenceState]:
        """What was bought under an id that has something else now, by the purchase's name."""

    @property
    def secrets(self) -> tuple[str, ...]:
        """The texts that are kept out of what is written."""

    def keep_out(self, secrets: tuple[str, ...]) -> None:
        """Have these texts left out of what is written from now on, beside the keys."""

    async def append(
        self, event: EventKind, inference: str | None = None, **fields: object
    ) -> None:
        """Write one event; when it returns, a durable one survives a power failure.

        Who is cancelled meanwhile is so once it is known whether the event was written.

        Raises:
            StorageError: It is not on record, or nothing may be bought after it.
        """

    def close(self) -> None:
        """Put everything on disk; the last thing that is done with it."""

    def __enter__(self) -> Self: ...

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None: ...


class FileJournal:
    """The journal in `log.jsonl`. Open it only while the folder's lock is held.

    Args:
        path: The file; made when the first event is written.
        run: The id of this run, written into each event.
        secrets: Texts that are never written in what people and providers say (`SPOKEN`). Ids,
            paths and URLs are left as they are: what is read back must be what was written.
        lock: The file by whose lock the folder is held; None where nothing will be bought.

    Raises:
        UsageError: A line that is not the last one cannot be read.
    """

    patience_s = PATIENCE_S
    """Seconds that what follows a receipt waits for what else is under way, to go with that."""

    def __init__(
        self, path: Path, *, run: str, secrets: tuple[str, ...] = (), lock: Path | None = None
    ) -> None:
        self._run = run
        self._head = dump_line({"run": run, "seq": 0})[1:].removesuffix("0}")
        self._secrets = list_texts(secrets)
        self._unrecorded: dict[str, str] = {}
        """Inference to request id, where the receipt could not be written."""
        self._snapshot = path.parent / SNAPSHOT
        kept = _read_snapshot(self._snapshot, path)
        self._position = kept.position if kept is not None else Position()
        self._replay = kept.replay if kept is not None else Replay()
        self.headers: list[Event] = kept.headers if kept is not None else []
        """The `run_started` of every run, oldest first; `header` is the last of them."""
        self.header: Event | None = self.headers[-1] if self.headers else None
        self._kept = self._folded = self._position.lines
        """The lines that are in the snapshot, and in the states."""
        for event, _ in read_events(path, self._position):
            try:
                self._remember(event)
            except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
                raise _unreadable(path, self._position.lines) from error
        self._file = JournalFile(path, self._position, lock)
        self._writer: JournalWriter | None = None

    @property
    def states(self) -> Mapping[str, InferenceState]:
        """What is known of each inference, this run's events included."""
        return self._replay.states

    @property
    def shelf(self) -> Mapping[str, InferenceState]:
        """What was bought under an id that has something else now, by the purchase's name."""
        return self._replay.shelf

    @property
    def secrets(self) -> tuple[str, ...]:
        """The texts that are kept out of what is written."""
        return self._secrets

    def keep_out(self, secrets: tuple[str, ...]) -> None:
        """Have these texts left out of what is written from now on, beside the keys."""
        self._secrets = list_texts((*self._secrets, *secrets))

    async def append(
        self, event: EventKind, inference: str | None = None, **fields: object
    ) -> None:
        """Write one event as a line, fsynced where the event must not be lost.

        Raises:
            StorageError: It cannot be written, or the file was moved or deleted meanwhile. Then
                nothing new may be bought; what was bought is on record, or named in the message.
        """
        if self._writer is None:
            from vidi.inference.tracking.journal.writer import JournalWriter  # an estimate has none

            self._writer = JournalWriter(self._file, self._take_in, self.patience_s)
        await self._writer.write(self._compose(event, inference, fields))

    def close(self) -> None:
        """Put everything on disk and close the file.

        Raises:
            StorageError: The disk gives up.
        """
        if self._writer is not None:
            self._writer.close()
        self._file.close()
        if self._writer is not None and self._file.displaced is None:
            self._keep_snapshot()

    def _keep_snapshot(self) -> None:
        """Spare the next run all that was read and written so far, where that is much by now."""
        lines = self._position.lines
        if self._folded == lines and lines - self._kept >= max(WORTHWHILE, lines // 20):
            from vidi.inference.tracking.journal.snapshot import Snapshot, keep_snapshot

            keep_snapshot(self._snapshot, Snapshot(self._position, self._replay, self.headers))
            self._kept = lines

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _compose(
        self, event: EventKind, inference: str | None, fields: Mapping[str, object]
    ) -> Entry:
        now = datetime.now(UTC).isoformat(timespec="microseconds")
        before = f'{{"ts":"{now}",{self._head}'
        about: dict[str, object] = {"event": event}
        if inference is not None:
            about["id"] = inference
        told = {
            name: redact_texts(each, self._secrets) if name in SPOKEN else each
            for name, each in fields.items()
        }
        return Entry(event, inference, before, "," + dump_line({**about, **told})[1:])

    def _take_in(self, entry: Entry, written: Written) -> None:
        """Follow what was written; raises what is to be said of what was not."""
        if written.event is not None:
            self._remember(written.event)
        if written.error is not None:
            raise self._explain(entry, written.error)

    def _explain(self, entry: Entry, error: StorageError) -> StorageError:
        if entry.event == "submitted" and entry.inference is not None:
            self._unrecorded[entry.inference] = json.loads("{" + entry.after[1:])["request_id"]
            return StorageError(error.message, hint=error.hint)
        # What keeps an intent from being written says what else was bought: nothing follows it.
        alone = entry.event != "intent" or self._file.displaced is None
        return self._name_bought(error, entry.inference if alone else None)

    def _remember(self, event: Event) -> None:
        if event["event"] == "run_started":
            self.header = event
            self.headers.append(event)
        self._replay.take_in(event)
        self._position.last[event["run"]] = event["seq"]
        self._folded += 1

    def _name_bought(self, error: StorageError, inference: str | None) -> StorageError:
        """Add what has been bought and is not here yet: of one inference, or of all of this run."""
        bought = {
            state.id: state.request_id
            for state in self.states.values()
            if state.run == self._run and state.request_id is not None and _awaits_assets(state)
        }
        named = {**bought, **self._unrecorded}
        if inference is not None:
            named = {inference: named[inference]} if inference in named else {}
        told = "".join(f"; {key} was bought as {request}" for key, request in named.items())
        return StorageError(error.message + told, hint=error.hint)


def _read_snapshot(path: Path, journal: Path) -> Snapshot | None:
    if not path.is_file():
        return None
    from vidi.inference.tracking.journal.snapshot import read_snapshot

    return read_snapshot(path, journal)


def read_events(path: Path, position: Position | None = None) -> Iterator[tuple[Event, int]]:
    """Read a journal's whole lines, each with the byte offset of its end.

    A last line that lacks nothing but its line end counts: an editor may have left that out. From
    the first line on that has a checksum, each has to have a right one.

    Args:
        path: The file.
        position: Where to begin; it moves on with each line.

    Raises:
        UsageError: A line before the last one cannot be read, is out of order or was changed since
            it was written, or a newer vidi has written it.
    """
    if not path.exists():
        return
    if not path.is_file():
        raise UsageError(f"{path} is not a file", hint="Move it away: the journal goes there.")
    at = position or Position()
    with _open(path) as file:
        file.seek(at.end)
        for line in file:
            number = at.lines + 1
            event = read_line(line)
            if event is None:
                if _is_torn(line):
                    return  # it was never promised to anybody
                raise _unreadable(path, number)
            _check_header(event, path, number)
            _check_place(event, line, path, at)
            at.last[event["run"]] = event["seq"]
            at.pass_line(line)
            yield event, at.end


def _check_place(event: Event, line: bytes, path: Path, at: Position) -> None:
    """Refuse a line that does not follow the one before it, or was changed since it was written."""
    number = at.lines + 1
    if event["seq"] != at.last.get(event["run"], 0) + 1:
        raise _unreadable(path, number, "does not follow the one before it")
    text = text_of(line)
    at.checked = at.checked or has_checksum(text) or needs_checksum(event)
    if at.checked and not fits_checksum(text, at.lines if event["seq"] == 1 else 0):
        raise _unreadable(path, number, "does not fit its checksum")


def dump_line(value: object) -> str:
    """Write a value as one line of JSON; amounts become numbers, times ISO 8601."""
    return write_json(value, _plain)


def as_recorded(value: object) -> Any:
    """A value as it would come back out of the journal: for comparing with what is in it."""
    return json.loads(dump_line(value), parse_float=Decimal)


def _open(path: Path) -> BinaryIO:
    try:
        return path.open("rb")
    except OSError as error:
        raise UsageError(
            f"cannot read {path}: {error.strerror}", hint="Make it a file that you may read."
        ) from error


def read_line(line: bytes) -> Event | None:
    """The event of a line; None where it holds none."""
    try:
        event = json.loads(line, parse_float=Decimal)
        return event if _is_event(event) else None
    except (TypeError, ValueError, RecursionError):
        return None


def text_of(line: bytes) -> bytes:
    """A line as it was written, whatever an editor has made of its end and of the file's begin."""
    return line.rstrip(b"\r\n").removeprefix(BOM_UTF8)


def _is_torn(line: bytes) -> bool:
    """Whether an unreadable last line was cut off; one whose line end alone is spoilt is whole."""
    return not line.endswith(b"\n") and not has_checksum(line[:-1])


def needs_checksum(event: Event) -> bool:
    """Whether an event says that it and all that follow have checksums."""
    version = event.get("schema", 0) if event["event"] == "run_started" else 0
    return type(version) is int and version >= SINCE


def _is_event(value: object) -> TypeGuard[Event]:
    """Whether a value has what every event has; may raise where its time is none."""
    if not isinstance(value, dict) or not value.keys() >= _FIXED:
        return False
    datetime.fromisoformat(value["ts"])
    plain = isinstance(value["run"], str) and type(value["seq"]) is int
    return plain and isinstance(value["event"], str)


def _check_header(event: Event, path: Path, number: int) -> None:
    """Make sure that this vidi understands what a run wrote, by the first event of the run."""
    if event["event"] != "run_started":
        return
    version = event.get("schema", JOURNAL_SCHEMA)
    if type(version) is not int or not isinstance(event.get("job_file"), str):
        raise _unreadable(path, number)
    if version > JOURNAL_SCHEMA:
        raise UsageError(
            f"a newer vidi has written this journal, in format {version}; "
            f"this one reads formats up to {JOURNAL_SCHEMA}",
            place=Place(str(path), number, 1),
            hint="Update vidi.",
        )


def _awaits_assets(state: InferenceState) -> bool:
    """Whether something was bought that is not on the disk yet."""
    return state.unsettled or (state.answer is not None and not state.assets)


def _unreadable(path: Path, number: int, why: str = "cannot be read") -> UsageError:
    return UsageError(
        f"this line of the journal {why}, so what was bought cannot be known",
        place=Place(str(path), number, 1),
        hint=RESTORE,
    )


def _plain(value: object) -> object:
    if isinstance(value, Decimal):
        return json_number(value)
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, tuple | set | frozenset):
        return list(value)
    return str(value)
