"""The commands. `vidi-run` runs job files; `vidi` is the toolbox around it."""

from __future__ import annotations

import atexit
import contextlib
import gc
import os
import sys

from vidi.quiet import part_streams
from vidi.runs.execution.signals import received_signals


def main() -> None:
    """`vidi`: the toolbox."""
    _begin()
    from vidi.cli.boundary import run_guarded
    from vidi.cli.toolbox import toolbox

    _leave(run_guarded(toolbox, "vidi"))


def main_run() -> None:
    """`vidi-run`: the runner."""
    _begin(COLLECTING_IN_PLANS)
    from vidi.cli.boundary import run_guarded
    from vidi.cli.commands.jobs.run import run

    _leave(run_guarded(run, "vidi-run"))


_exit_codes: list[int] = []
"""What this process ends with, once that is decided."""


COLLECTING = 100_000
"""Objects more than before that set Python looking for circles among them. Its own 700 had a tenth
of the start and a fifth of a large estimate go into that, over objects that stay to the end."""
COLLECTING_IN_PLANS = 1_000_000
"""The same while plans are made, whose objects stay too: with 100,000 a twelfth of an estimate of
10,000 entries went into it, and nothing was found. A run has a number of its own."""


def _begin(collecting: int = COLLECTING) -> None:
    received_signals.begin()
    part_streams()
    gc.set_threshold(collecting)
    atexit.register(_end_process)  # the first to be registered is the last that is called


def _leave(code: int) -> None:
    """End the process with that code, whatever it is sent while it does."""
    received_signals.end()
    _exit_codes.append(code)
    sys.exit(code)


def _end_process() -> None:
    """End here, once threads have ended and whatever waited for the exit has been done.

    Python would go on and take each object apart: up to 0.2 s after a run, for memory that the
    system takes back anyway.
    """
    if _exit_codes:
        with contextlib.suppress(OSError, ValueError):  # a full disk: Python says so and exits 120
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(_exit_codes[0])
