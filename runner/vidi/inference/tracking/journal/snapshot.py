"""What a journal folds to, kept beside it: a run folds only what has come since.

Of a journal of 50,000 lines each takes 30 µs to be read, checked and folded; what all of them come
to is read in a fifth of that. The journal stays the only source of truth. What is kept counts while
it is whole, was written by this very version, and the journal still begins with the very bytes that
it was made from, by their length and SHA-256; else it is as if it were not there.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
from secrets import token_hex
from typing import TYPE_CHECKING, Any, NamedTuple, TextIO

from vidi.inference.tracking.journal.exact_json import ExactWriter, read_exactly
from vidi.inference.tracking.journal.position import Position
from vidi.inference.tracking.journal.replay import Replay
from vidi.inference.tracking.journal.rows import SHAPE, read_state, write_row
from vidi.version import __version__

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from vidi.inference.tracking.journal.event_types import Event

FORMAT = [1, __version__, SHAPE]
"""Anything else is of another version. The number goes up when the fold makes something else of the
same events."""
_PIECE = 1 << 16
_SUM = 64 + len("\n")
"""Bytes of the last line: the SHA-256 of all that is before it."""
_ERRORS = (
    OSError, ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError,
)  # fmt: skip


class Snapshot(NamedTuple):
    """A journal, folded up to a place."""

    position: Position
    replay: Replay
    headers: list[Event]
    """The `run_started` of every run."""


def read_snapshot(path: Path, journal: Path) -> Snapshot | None:
    """What is kept of a journal; None where that may not be trusted, for whatever reason.

    Args:
        path: Where it is kept.
        journal: The journal.
    """
    try:
        with path.open("rb") as file:
            end = path.stat().st_size - _SUM
            digest = _hash_begin(file, end)
            if file.read() != f"{digest.hexdigest()}\n".encode():
                return None
        with path.open(encoding="ascii") as text:
            head = json.loads(text.readline())
            if head["format"] != FORMAT:
                return None
            position = _find_place(journal, **head["position"])
            return None if position is None else _read_body(text, head, position)
    except _ERRORS:
        return None


def _find_place(journal: Path, sha256: str, end: int, **known: Any) -> Position | None:
    """The place up to which a journal was folded, if all before it is as it was."""
    if journal.stat().st_size < end:
        return None
    with journal.open("rb") as file:
        digest = _hash_begin(file, end)
    return Position(end=end, digest=digest, **known) if digest.hexdigest() == sha256 else None


def _read_body(text: TextIO, head: dict[str, Any], position: Position) -> Snapshot:
    replay = Replay()
    headers: list[Event] = []
    table: list[Any] = []
    for line in text:
        kind, rest = line[0], line[1:]
        if kind == _VALUE:
            table.append(read_exactly(rest))
        elif kind == _HEADER:
            headers.append(read_exactly(rest))
        elif kind == _STATE:
            state = read_state(json.loads(rest), table)
            replay.states[state.id] = state
        elif kind == _SHELVED:
            state = read_state(json.loads(rest), table)
            replay.shelf[state.purchase] = state
    replay.restore_places(head["numbers"], head["shelved_at"])
    return Snapshot(position, replay, headers)


_VALUE, _HEADER, _STATE, _SHELVED = "vhsp"
"""The first character of a line: what the rest of it is."""


def keep_snapshot(path: Path, snapshot: Snapshot) -> None:
    """Keep what a journal folds to, where that can be done: nothing depends on it.

    Args:
        path: Where to; its folder is there already.
        snapshot: The journal, folded as far as it is written.
    """
    partial = path.with_name(f".vidi-tmp-{token_hex(8)}")
    with contextlib.suppress(OSError, RecursionError, ValueError):
        try:
            digest = hashlib.sha256()
            with partial.open("xb") as file:
                for line in _list_lines(snapshot):
                    file.write(line)
                    digest.update(line)
                file.write(f"{digest.hexdigest()}\n".encode())
            partial.replace(path)
        finally:
            partial.unlink(missing_ok=True)


def _list_lines(snapshot: Snapshot) -> Iterator[bytes]:
    position, replay, headers = snapshot
    numbers, shelved_at = replay.list_places()
    head = {
        "format": FORMAT,
        "position": position.to_json(),
        "numbers": numbers,
        "shelved_at": shelved_at,
    }
    yield json.dumps(head).encode() + b"\n"
    writer, places, new = ExactWriter(), dict[str, int](), list[str]()

    def put(value: object) -> int:
        text = writer.write(value)
        if text not in places:
            places[text] = len(places)
            new.append(text)
        return places[text]

    for event in headers:
        yield f"{_HEADER}{writer.write(event)}\n".encode()
    for kind, states in ((_STATE, replay.states), (_SHELVED, replay.shelf)):
        for state in states.values():
            row = json.dumps(write_row(state, put))
            yield from (f"{_VALUE}{text}\n".encode() for text in new)
            new.clear()
            yield f"{kind}{row}\n".encode()


def _hash_begin(file: Any, length: int) -> Any:
    """The SHA-256 of so many bytes of a file from where it is, which it stands behind then."""
    digest = hashlib.sha256()
    while length > 0 and (piece := file.read(min(length, _PIECE))):
        digest.update(piece)
        length -= len(piece)
    return digest
