"""`vidi-run`: the steps of a run, in order."""

from __future__ import annotations

from typing import Any

import click

from vidi.cli.options import require_job_files, run_options


@click.command("run", context_settings={"help_option_names": ["-h", "--help"]})
@run_options
def run(**options: Any) -> int:
    """Check, price and run job files; what is there already costs nothing.

    JOB_FILE is a file, a folder of them, a quoted pattern such as 'jobs/*.yaml', or - for stdin.

    Exit codes: 0 done, 1 some failed, 2 wrong usage or job file, 3 refused before spending,
    4 credentials, 5 unfinished, 6 in doubt, 7 folder held, 70 bug, 130/143 interrupted.
    """
    from vidi.cli.run_options import RunOptions
    from vidi.cli.running.steps import carry_out_steps

    chosen = require_job_files(RunOptions(**options))
    return carry_out_steps("estimate" if chosen.estimate else "run", chosen)
