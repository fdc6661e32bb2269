"""How long a comparison may take, and how much it may hold: a stranger may send many job files.

Each of them has its own bounds, and a project may have a thousand.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from vidi.errors import UsageError

if TYPE_CHECKING:
    from vidi.cli.running.job_run import JobRun
    from vidi.runs.planning.plan import Choices

LONGEST_S = 900.0
"""Seconds for the job files of both sides."""
MOST_ENTRIES = 300_000
"""Of all job files of both sides: three of the biggest."""
FEWER = "Name fewer job files."


class Bounds:
    """What one comparison has taken so far."""

    def __init__(self) -> None:
        self._ends = time.monotonic() + LONGEST_S
        self._planned: list[JobRun] = []

    def look(self, more: int = 0) -> None:
        """Look whether another job file may be planned.

        Args:
            more: Entries that are held beside those of HEAD.

        Raises:
            UsageError: It has taken too long, or holds too much.
        """
        if time.monotonic() > self._ends:
            raise UsageError(f"comparing takes longer than {LONGEST_S:.0f} s", hint=FEWER)
        plans = (job_run.plan for job_run in self._planned)
        if more + sum(len(plan.inferences) for plan in plans if plan) > MOST_ENTRIES:
            raise UsageError(
                f"more than {MOST_ENTRIES:,} inferences are too many to compare", hint=FEWER
            )

    def count(self, job_run: JobRun, choices: Choices) -> Choices:
        """Look, before a job file of HEAD is planned; the choices stay as they are."""
        self.look()
        self._planned.append(job_run)
        return choices
