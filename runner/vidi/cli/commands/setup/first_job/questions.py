"""The four questions of `vidi init` at a terminal."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import click

from vidi.cli.commands.setup.first_job.kinds import KINDS
from vidi.cli.options import Dollars


@dataclass(frozen=True, slots=True)
class Answers:
    """What somebody wants to begin with."""

    kind: str
    table: str | None
    budget: Decimal | None
    """None: what it costs, rounded up."""
    job_file: Path | None


def ask(given: Answers) -> Answers:
    """Ask for what the command line did not say."""
    kind = click.prompt(
        "What do you want to make?", type=click.Choice(list(KINDS)), default=given.kind, err=True
    )
    table = given.table or click.prompt(
        "From which table (CSV, XLSX, …)? Enter for none", default="", show_default=False, err=True
    )
    budget = given.budget or click.prompt(
        "How many USD may a run cost?", type=Dollars(), default=Decimal("1.00"), err=True
    )
    job_file = given.job_file or click.prompt(
        "Which job file shall be written?",
        default=str(default_job_file(table or None)),
        type=click.Path(path_type=Path),
        err=True,
    )
    return Answers(kind, table or None, budget, job_file)


def default_job_file(table: str | None) -> Path:
    """`jobs/products.yaml` for `data/products.csv`."""
    stem = Path((table or "first").partition("#")[0].replace("/*", "")).stem
    return Path("jobs") / f"{stem or 'first'}.yaml"
