"""`vidi schema`: the JSON Schemas of what vidi reads and writes."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from vidi.cli.display.console import Console
    from vidi.inference.models.registry import ModelRegistry
    from vidi.jobs.job import Job

SCHEMAS = ("job", "manifest", "template", "answer", "plan", "reviews")
_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
_FOLDER = click.Path(file_okay=False, path_type=Path)


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("which", type=click.Choice(SCHEMAS), default="job")
@click.option(
    "--for",
    "job_files",
    type=_FILE,
    multiple=True,
    metavar="JOB_FILE",
    help="With the parameters and prices of the models that this job file uses.",
)
@click.option("--all", "every", is_flag=True, help="With those of every model.")
@click.option(
    "--write",
    is_flag=True,
    help="Write it where editors look: beside each job file, which names it in its first line; "
    "with --all, one job.schema.json.",
)
@click.option("--vscode", is_flag=True, help="With --write: name it in .vscode/settings.json too.")
@click.option("--templates", type=_FOLDER, metavar="DIR", help="Templates that come first.")
def schema(
    which: str,
    job_files: tuple[Path, ...],
    every: bool,
    write: bool,
    vscode: bool,
    templates: Path | None,
) -> int:  # fmt: skip
    """Print a JSON Schema (2020-12): of jobs, manifest.json, templates, --json, --plan or reviews.

    An editor completes and checks a job file that names its schema in its first line.
    `vidi schema job --for jobs/a.yaml --write` does all that.
    """
    from vidi.cli.display.console import Console
    from vidi.cli.running.job_run import open_registry
    from vidi.jobs.job import read_job
    from vidi.runs.records.json_text import render_json

    _refuse_useless(which, job_files or every or write or vscode, vscode and not write)
    console = Console()
    jobs = [read_job(each, project=Path()) for each in job_files]
    registry = open_registry(Path(), templates)
    if write:
        return _write(jobs, registry, every, vscode, console)
    found = _schema_of_jobs(jobs, registry, every) if jobs or every else _find_schema(which)
    console.print_data(render_json(found, indented=not every).rstrip("\n"))
    return 0


def _refuse_useless(which: str, of_jobs: object, settings_alone: bool) -> None:
    if which != "job" and of_jobs:
        raise click.UsageError(f"--for, --all and --write are of job files, not of {which}.")
    if settings_alone:
        raise click.UsageError("--vscode goes with --write.")


def _write(
    jobs: list[Job], registry: ModelRegistry, every: bool, settings: bool, console: Console
) -> int:
    """Write schemas, and name the files that were written."""
    from vidi.cli.commands.setup.editor.schema_files import write_own_schemas, write_shared_schema

    if jobs and not every:
        written = list(write_own_schemas(jobs, registry, settings=settings))
    else:
        found = _schema_of_jobs(jobs, registry, every) if every else _find_schema("job")
        written = list(write_shared_schema(found, jobs, settings=settings))
    console.print_data(f"wrote {', '.join(path.as_posix() for path in dict.fromkeys(written))}")
    return 0


def _schema_of_jobs(jobs: list[Job], registry: ModelRegistry, every: bool) -> object:
    from vidi.cli.commands.setup.editor.schema_files import schema_of_all, schema_of_jobs

    return schema_of_all(registry) if every else schema_of_jobs(jobs, registry)


def _find_schema(which: str) -> object:
    if which == "job":
        from vidi.jobs.schema import job_schema

        return job_schema()
    if which == "manifest":
        from vidi.runs.records.manifest.schema import manifest_schema

        return manifest_schema()
    if which == "answer":
        from vidi.cli.display.answer_schema import answer_schema

        return answer_schema()
    if which == "plan":
        from vidi.runs.plan_file.schema import plan_schema

        return plan_schema()
    if which == "reviews":
        from vidi.jobs.reviews.schema import reviews_schema

        return reviews_schema()
    from vidi.inference.models.template_schema import TEMPLATE_SCHEMA

    return TEMPLATE_SCHEMA
