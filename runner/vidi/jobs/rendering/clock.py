"""How long templates may take: a job may come from a stranger, and a loop is quickly written.

Every step of a template that can take long (a turn of a loop, a filter, a call, an operation) looks
at the clock; what one step can do is bounded by the size of its values.
"""

from __future__ import annotations

import time
from contextvars import ContextVar

ENTRY_S = 2.0
"""Seconds for the templates of one inference."""
_RUNNING: ContextVar[RenderClock | None] = ContextVar("running", default=None)


class TooSlowError(Exception):
    """Templates have taken longer than they may."""


class RenderClock:
    """The time that the templates of one job file have taken so far.

    Args:
        job_s: Seconds for all of them.

    It runs inside a `with` of its own, which stands around the templates of one inference.
    """

    __slots__ = ("_began", "_ends", "_job_s", "_spent", "_token")

    def __init__(self, job_s: float) -> None:
        self._job_s = job_s
        self._spent = self._began = self._ends = 0.0

    def __enter__(self) -> None:
        self._began = time.monotonic()
        self._ends = self._began + min(ENTRY_S, self._job_s - self._spent)
        self._token = _RUNNING.set(self)

    def __exit__(self, *_: object) -> None:
        _RUNNING.reset(self._token)
        self._spent += time.monotonic() - self._began

    @property
    def is_over(self) -> bool:
        """Whether the job has no time left."""
        return self._spent >= self._job_s

    def look(self) -> None:
        """Look at the clock.

        Raises:
            TooSlowError: The time is over.
        """
        if time.monotonic() > self._ends:
            if self._spent + ENTRY_S > self._job_s:
                raise TooSlowError(self.describe_end())
            raise TooSlowError(f"templates took longer than the {ENTRY_S:.0f} s of an inference")

    def describe_end(self) -> str:
        """What to say where the job has no time left."""
        return f"templates took longer than the {self._job_s:.0f} s of a job file"


def look_at_clock() -> None:
    """Look at the clock that runs here, if one does.

    Raises:
        TooSlowError: Its time is over.
    """
    clock = _RUNNING.get()
    if clock is not None:
        clock.look()
