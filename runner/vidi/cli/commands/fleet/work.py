"""`vidi work`: a worker of a fleet, on this machine."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from vidi.cli.options import ENV_FILE, PROJECT, TEMPLATES, Duration, ShardOf

if TYPE_CHECKING:
    from pathlib import Path

    from vidi.runs.planning.shards import Shard


AT_ONCE = click.option(
    "-j",
    "--concurrency",
    type=click.IntRange(1, 256),
    metavar="N",
    help="Inferences at once.  [default: the job's]",
)


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--run",
    "job",
    metavar="JOB",
    help="Only this job: its name or its job file; ends when nothing is left of it.",
)
@click.option(
    "--shard",
    type=ShardOf(),
    metavar="I/N",
    help="With --run: only this part of its shards, such as 3/8.",
)
@AT_ONCE
@click.option(
    "--idle-exit", type=Duration(), metavar="TIME", help="End after so long without work, as 10m."
)
@PROJECT
@ENV_FILE
@TEMPLATES
@click.option("-q", "--quiet", is_flag=True, help="Print errors only.")
def work(
    job: str | None,
    shard: Shard | None,
    concurrency: int | None,
    idle_exit: float | None,
    project: Path,
    env_file: Path | None,
    templates: Path | None,
    quiet: bool,
) -> int:  # fmt: skip
    r"""Buy what `vidi-run JOB_FILE --fleet` has planned, together with any number of others.

    \b
    vidi work                       whatever is to be done, until it is stopped
    vidi work --run JOB             that job, until nothing is left of it
    vidi work --run JOB --shard 3/8 its third part of eight: Kubernetes, Slurm, CI

    VIDI_LEDGER names the database; keys are this machine's own and never leave it. SIGTERM, or
    Ctrl-C: nothing new is bought, what is under way is finished and fetched, shards are given back.
    A second one cancels at the providers, a third leaves at once.
    """
    from vidi.cli.display.console import Console
    from vidi.cli.running.fleet.work import carry_out_work
    from vidi.cli.running.fleet.worker import WorkerOptions
    from vidi.errors import UsageError

    if shard is not None and job is None:
        raise UsageError("--shard is a part of one job", hint="Name it with --run.")
    options = WorkerOptions(project, templates, env_file, concurrency)
    return carry_out_work(options, job, shard, idle_exit, Console(quiet=quiet))
