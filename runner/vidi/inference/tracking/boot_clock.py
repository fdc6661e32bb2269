"""A clock that goes on while a process is frozen or the machine sleeps, and that nobody can set."""

from __future__ import annotations

import time

_CLOCK = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)  # Linux has it; elsewhere the next


def boot_seconds() -> float:
    """Seconds since this machine was started, its sleep included where the system tells."""
    return time.clock_gettime(_CLOCK)
