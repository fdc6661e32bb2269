"""`vidi open`: the page of a run, in the browser."""

from __future__ import annotations

from pathlib import Path

import click


@click.command("open", context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("where", type=click.Path(path_type=Path), required=False, metavar="[JOB_FILE|DIR]")
@click.option("--sandbox", is_flag=True, help="Of a job file: the page of its sandbox run.")
def open_report(where: Path | None, sandbox: bool) -> int:
    """Open report.html of a job file or an output folder; without one, the newest there is."""
    import webbrowser

    from vidi.cli.display.console import Console

    console = Console()
    report = _find_report(where, sandbox=sandbox)
    console.print_data(report.as_posix())
    if not webbrowser.open(report.resolve().as_uri()):
        console.say("no browser could be started here: open that file yourself", style="yellow")
    return 0


def _find_report(where: Path | None, *, sandbox: bool) -> Path:
    from vidi.errors import UsageError
    from vidi.runs.records.folder import REPORT_NAME

    if where is None:
        reports = [*Path("outputs").glob(f"*/{REPORT_NAME}"),
                   *Path("outputs").glob(f"sandbox/*/{REPORT_NAME}")]  # fmt: skip
        if not reports:
            raise UsageError("there is no report below outputs/", hint="Run a job file first.")
        return max(reports, key=lambda each: each.stat().st_mtime_ns)
    folder = where if where.is_dir() else _folder_of(where, sandbox=sandbox)
    report = folder / REPORT_NAME
    if not report.is_file():
        hint = f"`vidi report {folder.as_posix()}` writes it from the manifest."
        raise UsageError(f"there is no {report.as_posix()}", hint=hint)
    return report


def _folder_of(job_file: Path, *, sandbox: bool) -> Path:
    from vidi.jobs.job import read_job
    from vidi.runs.records.folder import locate_folder

    if job_file.name == "report.html":
        return job_file.parent
    job = read_job(job_file, project=Path(), allow_outside=True)
    return locate_folder(job, Path(), given=None, sandbox=sandbox)
