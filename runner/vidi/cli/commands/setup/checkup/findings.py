"""One thing that was looked at, and what to do about it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Finding:
    """A line of the doctor's."""

    text: str
    hint: str = ""
    """What to do; empty where nothing is to be done."""
    exit_code: int = 0
    """What the command ends with for it; 0 where a run can begin all the same."""
