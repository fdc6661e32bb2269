"""The purchases that a damaged journal tells of, each with its lines, whole and flawed."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, get_args

from vidi.inference.tracking.journal.events import EventKind
from vidi.runs.records.salvage.lines import MISSING, JournalLine

if TYPE_CHECKING:
    from collections.abc import Sequence

_BEGIN = frozenset({"intent", "taken", "restored"})
_END = frozenset({"settled", "refused"})
_OF_OPEN = frozenset({"submitted", "completed", "settled"})
"""What comes of a purchase that is open, and of no other."""
HARMLESS = frozenset({"run_started", "run_finished", "base_prices", "unknown_status", "cancel"})
"""What says nothing of what was bought, so that it may be lost."""


@dataclass(slots=True)
class Purchase:
    """One attempt to buy one inference, as far as its lines are there."""

    id: str
    begin: JournalLine
    """Its intent, or what took it from elsewhere; flawed where it is in doubt what was bought."""
    lines: list[JournalLine] = field(default_factory=list)
    """What follows and is whole."""
    flaws: list[JournalLine] = field(default_factory=list)
    """What is flawed, its begin too."""

    @property
    def ended(self) -> bool:
        """Whether it is known how it ended."""
        return self.begin.kind in {"taken", "restored"} or any(
            line.kind in _END for line in self.lines
        )

    @property
    def request_id(self) -> str | None:
        """The provider's id of it, where that is on record."""
        receipts = [line.event for line in self.lines if line.kind == "submitted"]
        told = receipts[-1].get("request_id") if receipts and receipts[-1] else None
        return told if isinstance(told, str) else None


class Purchases:
    """All purchases of a journal, by the id that has them in the end, oldest first.

    Args:
        lines: The lines in their order, the missing ones among them.
    """

    def __init__(self, lines: Sequence[JournalLine]) -> None:
        self.by_id: dict[str, list[Purchase]] = {}
        self._holes: list[JournalLine] = []
        """What may have been anything; a flawed line with an id that no whole line has, too."""
        known = {line.id for line in lines if line.id and not line.flaw}
        for line in lines:
            if line.kind in HARMLESS:
                continue
            if line.kind == "renamed":
                self._rename(line)
            elif line.flaw and line.id not in known:
                self._holes.append(line)
            elif line.id:
                self._take_in(line)
        for line in self._holes:
            if line.id and _may_begin(line):
                self.by_id.setdefault(line.id, []).append(_begin(line, line.id))

    def _take_in(self, line: JournalLine) -> None:
        before = self.by_id.setdefault(line.id, [])
        if _may_begin(line):
            before.append(_begin(line, line.id) if line.flaw else Purchase(line.id, line))
            return
        if not before or (before[-1].ended and line.kind in _OF_OPEN):
            # Its intent is gone: in the nearest hole before, as far as is known.
            hole = self._holes.pop() if self._holes else JournalLine(0, flaw=MISSING)
            before.append(_begin(hole, line.id))
        purchase = before[-1]
        (purchase.flaws if line.flaw else purchase.lines).append(line)

    def _rename(self, line: JournalLine) -> None:
        ids: object = (line.event or {}).get("ids")  # whatever stands there
        if not isinstance(ids, dict) or not all(isinstance(each, str) for each in ids.values()):
            return
        moved = {new: self.by_id.pop(old) for new, old in ids.items() if old in self.by_id}
        for new, purchases in moved.items():
            self.by_id[new] = [*self.by_id.get(new, []), *purchases]


def _may_begin(line: JournalLine) -> bool:
    """Whether a purchase begins with it; a flawed one may, unless it says what else it is."""
    return line.kind in _BEGIN or (bool(line.flaw) and line.kind not in get_args(EventKind))


def _begin(line: JournalLine, inference: str) -> Purchase:
    """A purchase whose intent is not whole, or is gone."""
    begin = replace(line, kind="intent", id=inference)
    return Purchase(inference, begin, flaws=[begin])
