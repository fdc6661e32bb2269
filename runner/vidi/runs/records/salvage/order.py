"""The lines of a journal in the order in which they were written, the missing ones among them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from vidi.runs.records.salvage.lines import FAR, MISSING, TORN, TWICE, JournalLine

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_Key = tuple[str, int]
"""Run and number."""


def restore_order(lines: Sequence[JournalLine]) -> list[JournalLine]:
    """Sort lines by run and number, each number once; what is not there has a line of its own."""
    whole = {(line.run, line.seq) for line in lines if not line.flaw}
    placed: dict[_Key, JournalLine] = {}
    before: _Key = ("", 0)
    for line in lines:
        if line.flaw in {TORN, TWICE}:
            continue
        key = _guess_key(line, before) if line.flaw else (line.run, line.seq)
        if key[0] and key not in placed and not (line.flaw and key in whole):
            placed[key] = replace(line, run=key[0], seq=key[1])
            before = key
    return list(_fill(placed))


def _guess_key(line: JournalLine, before: _Key) -> _Key:
    """Where a line belongs whose own words are not believed: after the one before it."""
    begins = bool(line.run) and line.seq == 1
    return (line.run, 1) if begins else (before[0], before[1] + 1)


def _fill(placed: dict[_Key, JournalLine]) -> Iterator[JournalLine]:
    before: _Key = ("", 0)
    for run in dict.fromkeys(run for run, _ in placed):
        first = placed.get((run, 1))
        yield from _miss(before[0], before[1] + 1, first.lost_before if first and before[0] else 0)
        expected = 1
        for seq in sorted(seq for each, seq in placed if each == run):
            if seq - expected > FAR:
                break  # a number that a flipped bit has made, in a journal without checksums
            yield from _miss(run, expected, seq - expected)
            yield placed[run, seq]
            expected = seq + 1
        before = (run, expected - 1)


def _miss(run: str, first: int, count: int) -> Iterator[JournalLine]:
    for seq in range(first, first + count):
        yield JournalLine(0, flaw=MISSING, run=run, seq=seq)
