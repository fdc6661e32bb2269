"""The options of the runner; what they become is in run_options.py."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import click

from vidi.cli.version import version_option

if TYPE_CHECKING:
    from collections.abc import Callable
    from decimal import Decimal

    from vidi.cli.run_options import RunOptions
    from vidi.runs.planning.shards import Shard

Command = "Callable[..., int]"
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


class Dollars(click.ParamType["Decimal"]):
    """An amount in USD, exact."""

    name = "usd"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> Decimal:
        """Read an amount such as 0.50; negative and endless ones are refused."""
        from decimal import Decimal, InvalidOperation

        try:
            amount = Decimal(str(value).removeprefix("$"))
        except InvalidOperation:
            self.fail(f"'{value}' is not an amount in USD such as 0.50", param, ctx)
        if not amount.is_finite() or amount < 0:
            self.fail(f"'{value}' is not an amount in USD such as 0.50", param, ctx)
        return amount


class Duration(click.ParamType["float"]):
    """A time such as 10m, in seconds."""

    name = "time"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        """Read a time such as 30s, 10m or 2h; a bare number is seconds."""
        found = re.fullmatch(r"(\d{1,7}(?:\.\d{1,3})?)([smhd]?)", str(value).strip())
        if found is None:
            self.fail(f"'{value}' is not a time such as 30s, 10m or 2h", param, ctx)
        return float(found[1]) * _SECONDS[found[2] or "s"]


class ShardOf(click.ParamType["Shard"]):
    """One of several parts of a job, such as 3/8."""

    name = "i/n"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> Shard:
        """Read a part such as 3/8: the third of eight."""
        from vidi.errors import UsageError
        from vidi.runs.planning.shards import read_shard

        try:
            return read_shard(str(value))
        except UsageError as error:
            self.fail(error.message, param, ctx)


def _complete_selectors(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[str]:
    from vidi.cli.completing import complete_selectors

    return complete_selectors(ctx, param, incomplete)


FOLDER = click.Path(file_okay=False, path_type=Path)
FILE = click.Path(dir_okay=False, path_type=Path)
NAMED = click.Path(path_type=Path)
"""A job file, a folder or a pattern of them, or `-`."""

PROJECT = click.option(
    "-C",
    "--project",
    type=FOLDER,
    default=Path(),
    metavar="DIR",
    help="Folder that paths are relative to.  [default: this one]",
)
TEMPLATES = click.option(
    "--templates",
    type=FOLDER,
    metavar="DIR",
    help="Model templates that come before ./templates and vidi's own.",
)
ENV_FILE = click.option(
    "--env-file", type=FILE, metavar="FILE", help="Read keys and settings from it.  [default: .env]"
)
MADE_IN = click.option(
    "-o",
    "--output-dir",
    type=FOLDER,
    metavar="DIR",
    help="Where the assets are.  [default: the file's]",
)
SANDBOX = click.option(
    "--sandbox", is_flag=True, help="The sandbox run of the file, not the real one."
)
FLEET = click.option("--fleet", is_flag=True, help="A job of a fleet, by its name or its job file.")
JSON = click.option("--json", "json_wanted", is_flag=True, help="Print one JSON object on stdout.")

_READING = (
    PROJECT,
    click.option("-o", "--output-dir", type=FOLDER, metavar="DIR",
                 help="Where the assets go; also s3://BUCKET/PREFIX.  [default: the file's]"),
    TEMPLATES,
    click.option("--var", multiple=True, metavar="K=V", help="Set a variable of the job file."),
    click.option("--vars-file", multiple=True, type=FILE, metavar="FILE",
                 help="Set variables from a YAML or JSON file."),
    ENV_FILE,
)  # fmt: skip
"""How job files are read, and where their assets go."""
_ALLOW_OUTSIDE = click.option(
    "--allow-outside", is_flag=True, help="Let job files name files outside the project folder."
)
_OPTIONS = (
    click.argument("job_files", nargs=-1, metavar="JOB_FILE...", type=NAMED),
    click.option("--estimate", "--dry-run", "estimate", is_flag=True,
                 help="Check and price everything, send nothing."),
    click.option("--plan", type=FILE, metavar="FILE",
                 help="With --estimate: write down what it shows."),
    click.option("--apply", type=FILE, metavar="FILE",
                 help="Carry out such a plan, without JOB_FILE; exit 3 where anything differs."),
    click.option("--budget", type=Dollars(), metavar="USD",
                 help="Cap of the whole command; each file's own holds below it."),
    click.option("--sandbox", is_flag=True,
                 help="Run against the built-in emulation: no key, no cost."),
    click.option("-j", "--concurrency", type=click.IntRange(1, 256), metavar="N",
                 help="Inferences at once.  [default: the file's, else 1]"),
    *_READING,
    click.option("--select", multiple=True, metavar="SEL", shell_complete=_complete_selectors,
                 help="Only these: id glob, tag:x, model:glob, status:failed."),
    click.option("--exclude", multiple=True, metavar="SEL", shell_complete=_complete_selectors,
                 help="Not these."),
    click.option("--rebuy", multiple=True, metavar="SEL", shell_complete=_complete_selectors,
                 help="Buy these again."),
    click.option("--rejected", is_flag=True,
                 help="Buy again, with another seed, what was rejected in a review."),
    click.option("--restore", multiple=True, metavar="SEL", shell_complete=_complete_selectors,
                 help="Bring back what was bought of these, where it was edited; buys nothing."),
    click.option("--accept", multiple=True, type=click.Choice(["moderated"]),
                 help="Let the run succeed all the same where some are that."),
    click.option("--gate", type=click.Choice(["high", "expected"]),
                 help="Which sum must fit the budget before a run.  [default: the file's, "
                      "else high]"),
    click.option("--shard", type=ShardOf(), metavar="I/N",
                 help="Only this part of the inferences and of the budget, such as 3/8."),
    click.option("--fleet", is_flag=True,
                 help="Have it bought by `vidi work` on any number of machines."),
    click.option("--frozen", is_flag=True, help="Exit 3 if anything would have to be bought."),
    click.option("--locked", is_flag=True,
                 help="Exit 3 where a model is not as vidi.lock pins it."),
    click.option("--overwrite", is_flag=True, help="Replace files that vidi did not make."),
    click.option("--detach", is_flag=True,
                 help="Submit what the budget allows and leave; the next run collects it."),
    _ALLOW_OUTSIDE,
    click.option("--fail-fast", is_flag=True, help="Begin nothing new after the first failure."),
    click.option("--max-failures", type=click.IntRange(1), metavar="N",
                 help="Begin nothing new after N failures."),
    JSON,
    click.option("--junit", type=FILE, metavar="PATH", help="Write a JUnit report."),
    click.option("--summary-markdown", type=FILE, metavar="PATH",
                 help="Write a summary in Markdown."),
    click.option("--code-quality", type=FILE, metavar="PATH",
                 help="Write mistakes and failures as GitLab reads them."),
    click.option("--report/--no-report", default=True, help="Write report.html.  [default: yes]"),
    click.option("--no-input", is_flag=True, help="Never ask."),
    click.option("-y", "--yes", is_flag=True, help="Answer yes to every question."),
    click.option("-q", "--quiet", is_flag=True, help="Print errors only."),
    click.option("-v", "--verbose", is_flag=True, help="Print more."),
    click.option("--no-progress", is_flag=True, help="Plain lines instead of progress bars."),
    version_option("vidi-run"),
)  # fmt: skip


def run_options(command: Callable[..., int]) -> Callable[..., int]:
    """Give a click command every option of the runner."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def require_job_files(options: RunOptions) -> RunOptions:
    """The options, of which at least one job file is; click says so as it says of any argument.

    Raises:
        click.UsageError: None is.
    """
    if not options.job_files and options.apply is None:
        raise click.UsageError("Missing argument 'JOB_FILE...'.", click.get_current_context())
    return options


def reading_options(command: Callable[..., int]) -> Callable[..., int]:
    """Give a click command the options about how job files are read, and nothing is run."""
    sandbox = click.option("--sandbox", is_flag=True, help="Look at what sandbox runs made.")
    for option in reversed((*_READING, sandbox, _ALLOW_OUTSIDE)):
        command = option(command)
    return command
