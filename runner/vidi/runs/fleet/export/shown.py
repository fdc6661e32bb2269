"""The rows that the page shows of a manifest in parts: what went wrong, and a sample."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from heapq import heappush, heappushpop
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from vidi.runs.records.manifest.shape import InferenceShape

MOST_WRONG, SAMPLE = 2000, 500
"""Rows that the page shows of a manifest in parts: those that went wrong, and some that did not."""


@dataclass(slots=True)
class Shown:
    """What is to be seen of rows that come part by part; no more of them is kept."""

    _wrong: list[tuple[int, InferenceShape]] = field(default_factory=list)
    _drawn: list[tuple[int, int, InferenceShape]] = field(default_factory=list)
    """Those whose ids have the lowest hashes: the same ones each time, and from all of the job."""

    def choose(self, numbered: Iterable[tuple[int, InferenceShape]]) -> None:
        """Choose among some more rows, each with its number in the job."""
        for n, row in numbered:
            if row["status"] in {"succeeded", "unchanged"}:
                self._draw(n, row)
            elif len(self._wrong) < MOST_WRONG:
                self._wrong.append((n, row))

    @property
    def rows(self) -> list[InferenceShape]:
        """The chosen ones, in the order of the job."""
        drawn = ((n, row) for _, n, row in self._drawn)
        return [row for _, row in sorted([*self._wrong, *drawn], key=lambda each: each[0])]

    def _draw(self, n: int, row: InferenceShape) -> None:
        digest = hashlib.sha256(row["id"].encode("utf-8", "surrogatepass")).digest()
        drawn = (-int.from_bytes(digest[:8]), n, row)
        if len(self._drawn) < SAMPLE:
            heappush(self._drawn, drawn)
        else:
            heappushpop(self._drawn, drawn)
