"""The commands. `vidi-run` runs job files; `vidi` is the toolbox around it."""

from __future__ import annotations

import sys


def main() -> None:
    """`vidi`: the toolbox."""
    from vidi.cli.boundary import run_guarded
    from vidi.cli.toolbox import toolbox

    sys.exit(run_guarded(toolbox, "vidi"))


def main_run() -> None:
    """`vidi-run`: the runner."""
    from vidi.cli.boundary import run_guarded
    from vidi.cli.run import run

    sys.exit(run_guarded(run, "vidi-run"))
