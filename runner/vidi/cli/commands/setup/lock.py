"""`vidi lock`: what the jobs of a project use of the registry, pinned."""

from __future__ import annotations

from pathlib import Path

import click

from vidi.cli.models.options import FILE, FOLDER, HELP


@click.command("lock", context_settings=HELP)
@click.argument("job_files", nargs=-1, metavar="[JOB_FILE]...", type=FILE)
@click.option("-C", "--project", type=FOLDER, default=Path(), metavar="DIR",
              help="Folder that paths are relative to.  [default: this one]")  # fmt: skip
@click.option("--templates", type=FOLDER, metavar="DIR", help="Templates that come first.")
@click.option("--var", multiple=True, metavar="K=V", help="Set a variable of the job files.")
@click.option("--vars-file", multiple=True, type=FILE, metavar="FILE",
              help="Set variables from a YAML or JSON file.")  # fmt: skip
@click.option("--check", is_flag=True, help="Write nothing; exit 3 where it differs.")
@click.option("--json", "json_wanted", is_flag=True, help="Print one JSON object.")
def lock(
    job_files: tuple[Path, ...],
    project: Path,
    templates: Path | None,
    var: tuple[str, ...],
    vars_file: tuple[Path, ...],
    check: bool,
    json_wanted: bool,
) -> int:
    """Pin the template and the prices of each model that job files name, in vidi.lock.

    Without JOB_FILE: those in jobs/. What differs from the lock before is shown, prices first.
    `vidi-run --locked` refuses to run where it differs.
    """
    from vidi.cli.commands.setup.lock_steps import LockOptions, renew_lock

    options = LockOptions(job_files, project, templates, var, vars_file, check, json_wanted)
    return renew_lock(options)
