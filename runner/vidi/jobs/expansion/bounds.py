"""How much a job may be: what one machine keeps of it, or what a fleet's planner passes on."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class JobBounds:
    """Bounds of one job file; it may come from a stranger."""

    inferences: int = 100_000
    render_s: float = 60.0
    """Seconds for the templates of all of them."""
    kept: bool = True
    """Whether all that is made of it stays in the memory: then its text is bounded, and data files
    are read whole. Else tables and lines of JSON are read a row at a time, of whatever length."""


ONE_MACHINE = JobBounds()
FLEET = JobBounds(inferences=10_000_000, render_s=3600.0, kept=False)
"""For who keeps nothing of what is planned, but writes it down as it comes."""
