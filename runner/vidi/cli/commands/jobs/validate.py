"""`vidi validate`: check job files and say nothing about prices."""

from __future__ import annotations

from typing import Any

import click

from vidi.cli.options import require_job_files, run_options


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@run_options
def validate(**options: Any) -> int:
    """Check job files: every mistake with its line, nothing sent, nothing written."""
    from vidi.cli.run_options import RunOptions
    from vidi.cli.running.steps import carry_out_steps

    chosen = RunOptions(**{**options, "estimate": True, "plan": None, "apply": None})
    return carry_out_steps("validate", require_job_files(chosen))
