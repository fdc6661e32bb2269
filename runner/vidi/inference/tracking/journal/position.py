"""How far a journal has been read or written, and what its next line has to follow."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from _hashlib import HASH


@dataclass(slots=True)
class Position:
    """A place between two lines of a journal; it moves on with each line."""

    end: int = 0
    """Bytes before it."""
    lines: int = 0
    """Lines before it."""
    last: dict[str, int] = field(default_factory=dict)
    """The number of the last event of each run."""
    checked: bool = False
    """Whether every line from here on has a checksum."""
    digest: HASH = field(default_factory=hashlib.sha256)
    """Of the bytes before it, as they were read or written."""

    def pass_line(self, line: bytes) -> None:
        """Go behind a line, its end included."""
        self.end += len(line)
        self.lines += 1
        self.digest.update(line)

    def pass_end(self, line_end: bytes) -> None:
        """Go behind the end of a line that had none before."""
        self.end += len(line_end)
        self.digest.update(line_end)

    def to_json(self) -> dict[str, object]:
        """As a snapshot holds it."""
        return {
            "end": self.end,
            "lines": self.lines,
            "last": self.last,
            "checked": self.checked,
            "sha256": self.digest.hexdigest(),
        }
