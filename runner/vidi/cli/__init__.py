"""The commands. `vidi-run` runs job files; `vidi` is the toolbox around it."""

from __future__ import annotations

import sys

from vidi.runs.execution.signals import received_signals


def main() -> None:
    """`vidi`: the toolbox."""
    received_signals.begin()
    from vidi.cli.boundary import run_guarded
    from vidi.cli.toolbox import toolbox

    _leave(run_guarded(toolbox, "vidi"))


def main_run() -> None:
    """`vidi-run`: the runner."""
    received_signals.begin()
    from vidi.cli.boundary import run_guarded
    from vidi.cli.commands.jobs.run import run

    _leave(run_guarded(run, "vidi-run"))


def _leave(code: int) -> None:
    """End the process with that code, whatever it is sent while it does."""
    received_signals.end()
    sys.exit(code)
