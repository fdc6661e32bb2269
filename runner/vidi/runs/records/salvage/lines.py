"""Every line of a journal, judged by itself: whole or not, and why not."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from vidi.errors import UsageError
from vidi.inference.tracking.journal.checksum import fits_checksum, has_checksum
from vidi.inference.tracking.journal.events import JOURNAL_SCHEMA
from vidi.inference.tracking.journal.journal import needs_checksum, read_line, text_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from vidi.inference.tracking.journal.event_types import Event

UNREADABLE = "cannot be read"
CHANGED = "does not fit its checksum"
TORN = "is torn"
TWICE = "is there twice"
MISSING = "is missing"
FAR = 10_000
"""How many lines may be missing before a run's first line, and the line still be recognised."""
_RUN = re.compile(rb'"run":"([^"\\]+)"')
_NUMBER = re.compile(rb'"seq":(\d{1,9})\b')
_KIND = re.compile(rb'"event":"(\w+)"')
_ID = re.compile(rb'"event":"\w*","id":("(?:[^"\\]|\\.)*")')


@dataclass(frozen=True, slots=True)
class JournalLine:
    """One line. `run`, `seq`, `kind` and `id` are what can be made out, and empty where nothing."""

    number: int
    """Its line number from 1; 0 for one that is not there."""
    text: bytes = b""
    event: Event | None = None
    flaw: str = ""
    """Why it is not believed; empty where it is whole."""
    run: str = ""
    seq: int = 0
    kind: str = ""
    id: str = ""
    lost_before: int = 0
    """How many lines are missing before it, where it is a run's first line and says so."""


def read_lines(path: Path) -> list[JournalLine]:
    """Read a journal's lines, each with what is wrong with it.

    Raises:
        UsageError: It is not a file that can be read, or a newer vidi has written it.
    """
    try:
        raw = _split(path) if path.is_file() else None
    except OSError as error:
        raise UsageError(
            f"cannot read {path}: {error.strerror}", hint="Make it a file that you may read."
        ) from error
    if raw is None:
        raise UsageError(
            f"there is no journal {path}, so nothing can be saved",
            hint="Restore it from a backup. What was bought may still be named by manifest.json.",
        )
    return _judge_torn(list(_judge_all(raw, path)), raw)


def _split(path: Path) -> list[bytes]:
    with path.open("rb") as file:
        return list(file)


def _judge_all(raw: list[bytes], path: Path) -> Iterator[JournalLine]:
    seen: set[bytes] = set()
    checked = False
    for number, line in enumerate(raw, start=1):
        text, event = text_of(line), read_line(line)
        _refuse_newer(event, path)
        checked = checked or has_checksum(text) or (event is not None and needs_checksum(event))
        known = _make_out(number, text, event)
        if event is None:
            yield replace(known, flaw=UNREADABLE)
        elif text in seen:
            yield replace(known, flaw=TWICE)
        elif checked:
            yield _check(known)
        else:
            yield known
        seen.add(text)


def _check(line: JournalLine) -> JournalLine:
    """Hold a line against its checksum; a run's first line also tells what is missing before it."""
    if line.seq != 1:
        return line if fits_checksum(line.text, 0) else replace(line, flaw=CHANGED)
    here = line.number - 1
    for place in (here, *range(here + 1, here + FAR), *range(here)):
        if fits_checksum(line.text, place):
            return replace(line, lost_before=max(0, place - here))
    return replace(line, flaw=CHANGED)


def _judge_torn(lines: list[JournalLine], raw: list[bytes]) -> list[JournalLine]:
    """A last line without its end was never promised to anybody."""
    if lines and lines[-1].flaw == UNREADABLE and not raw[-1].endswith(b"\n"):
        lines[-1] = replace(lines[-1], flaw=TORN)
    return lines


def _refuse_newer(event: Event | None, path: Path) -> None:
    version = (event or {}).get("schema", 0)
    if type(version) is int and version > JOURNAL_SCHEMA:
        raise UsageError(f"a newer vidi has written {path}", hint="Update vidi.")


def _make_out(number: int, text: bytes, event: Event | None) -> JournalLine:
    """What a line says of itself, from its text where it is no JSON any more."""
    if event is not None:
        key: object = event.get("id")  # whatever stands there
        named = key if isinstance(key, str) else ""
        return JournalLine(
            number, text, event, "", event["run"], event["seq"], event["event"], named
        )
    run, seq, kind = (_find(pattern, text) for pattern in (_RUN, _NUMBER, _KIND))
    return JournalLine(
        number, text, None, "", run, int(seq or 0), kind, _read_text(_find(_ID, text))
    )


def _find(pattern: re.Pattern[bytes], text: bytes) -> str:
    found = pattern.search(text)
    return found[1].decode(errors="replace") if found else ""


def _read_text(quoted: str) -> str:
    try:
        return str(json.loads(quoted)) if quoted else ""
    except ValueError:
        return ""
