"""The journal of an output folder: append-only, one JSON object a line, the only source of truth.

A line is whole or it does not count: a torn last line (the machine went down in the middle of it)
is dropped and overwritten; anything else that cannot be read is refused with its line, never
guessed at.
"""

from __future__ import annotations

import contextlib
import errno
import json
import os
from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Protocol, Self

from vidi.errors import Place, StorageError, UsageError
from vidi.inference.models.money import json_number
from vidi.inference.settings import SHORTEST_SECRET
from vidi.inference.tracking.events import DURABLE, InferenceState, apply_event

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path
    from types import TracebackType


SPOKEN = frozenset({"error", "message", "output", "params", "status", "vars"})
"""The fields of an event that may repeat what a person or a provider has said."""


class Journal(Protocol):
    """Where events go and states come from. Nothing else may know that it is a file."""

    @property
    def states(self) -> Mapping[str, InferenceState]:
        """What is known of each inference, this run's events included."""

    def append(self, event: str, inference: str | None = None, **fields: Any) -> None:
        """Write one event; when it returns, a durable one survives a power failure."""


class FileJournal:
    """The journal in `log.jsonl`. Open it only while the folder's lock is held.

    Args:
        path: The file; made when the first event is written.
        run: The id of this run, written into each event.
        secrets: Texts that are never written in what people and providers say (`SPOKEN`). Ids,
            paths and URLs are left as they are: what is read back must be what was written.

    Raises:
        UsageError: A line that is not the last one cannot be read.
    """

    def __init__(self, path: Path, *, run: str, secrets: tuple[str, ...] = ()) -> None:
        self._path = path
        self._run = run
        self._secrets = tuple(each for each in secrets if len(each) >= SHORTEST_SECRET)
        self._sequence = 0
        self._file: int | None = None
        self.states: dict[str, InferenceState] = {}
        self.header: Mapping[str, Any] | None = None
        self.headers: list[Mapping[str, Any]] = []
        """The `run_started` of every run, oldest first; `header` is the last of them."""
        self._whole = 0
        for number, (event, end) in enumerate(read_events(path), start=1):
            self._whole = end
            try:
                self._remember(event)
            except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
                raise _unreadable(path, number) from error

    def append(self, event: str, inference: str | None = None, **fields: Any) -> None:
        """Write one event as a line, fsynced where the event must not be lost."""
        self._sequence += 1
        record: dict[str, Any] = {
            "ts": datetime.now(UTC).isoformat(timespec="microseconds"),
            "run": self._run,
            "seq": self._sequence,
            "event": event,
        }
        if inference is not None:
            record["id"] = inference
        told = {
            name: self._redact(each) if name in SPOKEN else each for name, each in fields.items()
        }
        text = dump_line({**record, **told})
        self._write(text.encode(errors="replace") + b"\n", durable=event in DURABLE)
        self._remember(json.loads(text, parse_float=Decimal))

    def close(self) -> None:
        """Put everything on disk and close the file."""
        if self._file is not None:
            os.fsync(self._file)
            os.close(self._file)
            self._file = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _remember(self, event: Mapping[str, Any]) -> None:
        if event["event"] == "run_started":
            self.header = event
            self.headers.append(event)
        key = event.get("id")
        if key is not None:
            state = self.states.get(key) or InferenceState(id=key)
            self.states[key] = apply_event(state, event)

    def _write(self, line: bytes, *, durable: bool) -> None:
        if self._file is None:
            self._file = self._open()
        try:
            if durable and not os.path.samestat(os.fstat(self._file), self._path.stat()):
                raise FileNotFoundError(errno.ENOENT, "it was moved or replaced during the run")
            written = 0
            while written < len(line):
                written += os.write(self._file, line[written:])
            if durable:
                os.fsync(self._file)
        except OSError as error:
            with contextlib.suppress(OSError):
                os.ftruncate(self._file, self._whole)  # half a line would spoil the journal
            raise StorageError(
                f"cannot write {self._path}: {error.strerror}",
                hint="Make room or make the folder writable, then run the same command again.",
            ) from error
        self._whole += len(line)

    def _open(self) -> int:
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            file = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
            os.ftruncate(file, self._whole)  # a torn last line would swallow the next event
            _sync_folder(self._path.parent)
        except OSError as error:
            raise StorageError(
                f"cannot open {self._path}: {error.strerror}",
                hint="Make the output folder writable, or name another one with -o.",
            ) from error
        return file

    def _redact(self, value: Any) -> Any:
        if isinstance(value, str):
            for secret in self._secrets:
                value = value.replace(secret, "[redacted]")
            return value
        if isinstance(value, dict):
            return {key: self._redact(each) for key, each in value.items()}
        if isinstance(value, list | tuple):
            return [self._redact(each) for each in value]
        return value


def read_events(path: Path) -> Iterator[tuple[dict[str, Any], int]]:
    """Read a journal's whole lines, each with the byte offset of its end.

    Raises:
        UsageError: A line before the last one is not a JSON object with `event` and `run`.
    """
    if not path.exists():
        return
    if not path.is_file():
        raise UsageError(f"{path} is not a file", hint="Move it away: the journal goes there.")
    end = 0
    with path.open("rb") as file:
        for number, line in enumerate(file, start=1):
            if not line.endswith(b"\n"):
                return  # torn: it was never promised to anybody
            end += len(line)
            yield _read_line(path, number, line), end


def dump_line(value: object) -> str:
    """Write a value as one line of JSON; amounts become numbers, times ISO 8601."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=_plain)


def as_recorded(value: object) -> Any:
    """A value as it would come back out of the journal: for comparing with what is in it."""
    return json.loads(dump_line(value), parse_float=Decimal)


def _read_line(path: Path, number: int, line: bytes) -> dict[str, Any]:
    try:
        event = json.loads(line, parse_float=Decimal)
        if isinstance(event, dict) and "event" in event and "run" in event and "ts" in event:
            return event
    except (ValueError, RecursionError):
        pass
    raise _unreadable(path, number)


def _unreadable(path: Path, number: int) -> UsageError:
    return UsageError(
        "this line of the journal cannot be read, so what was bought cannot be known",
        place=Place(str(path), number, 1),
        hint="Restore the file from a backup, or move the whole folder away to start afresh: "
        "everything in it would then be bought again.",
    )


def _plain(value: object) -> object:
    if isinstance(value, Decimal):
        return json_number(value)
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, tuple | set | frozenset):
        return list(value)
    return str(value)


def _sync_folder(folder: Path) -> None:
    file = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(file)
    finally:
        os.close(file)
