"""`vidi validate`: check job files and say nothing about prices."""

from __future__ import annotations

import contextlib
from typing import Any

import click

from vidi.cli.options import RunOptions, run_options


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@run_options
def validate(**options: Any) -> int:
    """Check job files: every mistake with its line, nothing sent, nothing written."""
    from vidi.cli.display.console import Console
    from vidi.cli.display.json_answer import describe_answer
    from vidi.cli.running.job_run import plan_jobs, read_settings
    from vidi.runs.records.json_text import render_json

    chosen = RunOptions(**{**options, "estimate": True})
    console = Console(quiet=chosen.quiet, verbose=chosen.verbose)
    with contextlib.ExitStack() as held:
        job_runs = plan_jobs(chosen, read_settings(chosen), held)
    for job_run in job_runs:
        for error in job_run.errors:
            console.report_error(error)
        if job_run.plan is not None:
            console.report_problems(job_run.plan.warnings)
            count = len(job_run.plan.inferences)
            console.tell(
                f"{job_run.path}: {count} inference{'' if count == 1 else 's'}, no mistakes"
            )
    code = max(job_run.exit_code for job_run in job_runs)
    if chosen.json_wanted:
        answers = [
            describe_answer(
                "validate",
                job_run.path,
                exit_code=job_run.exit_code,
                plan=job_run.plan,
                errors=job_run.errors,
            )
            for job_run in job_runs
        ]
        whole = {"schema_version": 1, "command": "validate", "ok": not code, "exit_code": code}
        one = answers[0] if len(answers) == 1 else {**whole, "jobs": answers}
        console.print_data(render_json(one).rstrip("\n"))
    return code
