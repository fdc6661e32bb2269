"""`vidi diff`: what a change of job files buys, before anyone merges it."""

from __future__ import annotations

from typing import Any

import click

from vidi.cli.commands.jobs.run import run
from vidi.cli.options import JSON, reading_options


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("base")
@click.argument("head", required=False)
@reading_options
@JSON
@click.option("--markdown", is_flag=True, help="Print Markdown that fits a comment.")
@click.option("--exit-code", is_flag=True, help="Exit 1 where anything differs.")
@click.option("-q", "--quiet", is_flag=True, help="Print errors and the difference only.")
def diff(base: str, head: str | None, markdown: bool, exit_code: bool, **options: Any) -> int:
    """Compare what job files ask for and what that costs; nothing is sent, nothing is written.

    BASE and HEAD are job files, folders of them, or git revisions (origin/main, v1.2,
    main:jobs/a.yaml, origin/main... for where it was left). HEAD is the working tree where it is
    not named; a revision and a file or folder compare that file or folder.

    Before and after are what each entry costs to make; what a run would do now, against the
    outputs and the store that are there, is told beside it. HEAD's mistakes are exit 2. A job file
    of BASE that has mistakes counts as if it were not there, with a warning.
    """
    from vidi.cli.run_options import RunOptions
    from vidi.cli.running.comparing.steps import Asked, compare

    if markdown and options["json_wanted"]:
        raise click.UsageError("--json and --markdown are two answers: choose one.")
    unasked = run.make_context("run", ["--estimate", "-"]).params
    asked = Asked(base, head, markdown, exit_code)
    return compare(asked, RunOptions(**{**unasked, "job_files": (), **options}))
