"""A folder's journal, examined: its lines, its holes, and what can be saved."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, TypeGuard

from vidi.errors import UsageError
from vidi.runs.records.folder import JOURNAL, MANIFEST, read_noted_length
from vidi.runs.records.manifest.read import read_manifest
from vidi.runs.records.salvage.lines import TORN, read_lines
from vidi.runs.records.salvage.order import restore_order
from vidi.runs.records.salvage.saved import save

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from vidi.runs.records.manifest.shape import InferenceShape
    from vidi.runs.records.salvage.lines import JournalLine
    from vidi.runs.records.salvage.saved import SavedJournal


@dataclass(frozen=True, slots=True)
class Examination:
    """What was found out about a folder's journal."""

    path: Path
    lines: tuple[JournalLine, ...]
    """As they stand in the file."""
    missing: tuple[JournalLine, ...]
    """Lines that are not there, as the numbers of the others tell."""
    noted: int
    """Bytes that it had after the last run; 0 where it has them, or nothing was noted."""
    saved: SavedJournal

    @property
    def flawed(self) -> tuple[JournalLine, ...]:
        """The lines that are there and not whole; a torn last one was never promised to anybody."""
        return tuple(line for line in self.lines if line.flaw and line.flaw != TORN)

    @property
    def whole(self) -> bool:
        """Whether vidi goes on from it as it is."""
        return not (self.flawed or self.missing or self.noted)


def examine(folder: Path) -> Examination:
    """Read a folder's journal line by line, whatever state it is in.

    Raises:
        UsageError: There is none, or a newer vidi has written it.
    """
    path = folder / JOURNAL
    lines = read_lines(path)
    ordered = restore_order(lines)
    noted = read_noted_length(folder)
    return Examination(
        path,
        tuple(lines),
        tuple(line for line in ordered if not line.number),
        noted if noted > path.stat().st_size else 0,
        save(ordered, _read_rows(folder)),
    )


def _read_rows(folder: Path) -> Mapping[str, InferenceShape]:
    """Each inference of the manifest; none where there is no manifest that can be read."""
    try:
        rows: list[object] = [*read_manifest(folder / MANIFEST)["inferences"]]
    except (UsageError, LookupError, TypeError):
        return {}
    return {row["id"]: row for row in rows if _is_row(row)}


def _is_row(row: object) -> TypeGuard[InferenceShape]:
    """Whether something says of an inference what is looked for there."""
    if not isinstance(row, dict) or not isinstance(row.get("cost_usd"), dict):
        return False
    texts = (row.get(name) for name in ("id", "model", "status", "fingerprint"))
    high = row["cost_usd"].get("estimated_high")
    known = isinstance(row.get("params"), dict) and isinstance(high, int | Decimal)
    return known and all(isinstance(text, str) and text for text in texts)
