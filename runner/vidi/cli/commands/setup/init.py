"""`vidi init`: a first job file, for a table where there is one."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from vidi.cli.commands.setup.first_job.kinds import KINDS
from vidi.cli.options import Dollars

if TYPE_CHECKING:
    from decimal import Decimal


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("job_file", type=click.Path(path_type=Path), required=False)
@click.option(
    "--from",
    "table",
    metavar="TABLE",
    help="Write a job for each row of this table: CSV, XLSX, or whatever `foreach` takes.",
)
@click.option("--kind", type=click.Choice(list(KINDS)), help="What to make.  [default: image]")
@click.option(
    "--budget", type=Dollars(), metavar="USD", help="The cap of a run.  [default: what it costs]"
)
@click.option("--no-input", is_flag=True, help="Never ask.")
def init(
    job_file: Path | None,
    table: str | None,
    kind: str | None,
    budget: Decimal | None,
    no_input: bool,
) -> int:
    """Write a small job file that runs as it is, with .gitignore and .env.example.

    At a terminal it asks four questions. Nothing that is there is ever written over.
    """
    from vidi.cli.commands.setup.first_job.begin import begin
    from vidi.cli.commands.setup.first_job.questions import Answers, ask
    from vidi.cli.display.console import Console

    console = Console()
    answers = Answers(kind or "image", table, budget, job_file)
    asked = kind or table or job_file
    if console.interactive and not no_input and not asked:
        answers = ask(answers)
    return begin(answers, console)
