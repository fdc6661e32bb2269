"""`vidi status`: what an output folder holds, and what may still be billed."""

from __future__ import annotations

from collections import Counter
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import click

from vidi.cli.options import FLEET, JSON, MADE_IN, PROJECT, SANDBOX

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from vidi.cli.display.console import Console
    from vidi.errors import UsageError
    from vidi.runs.records.status import FolderStatus

HEADINGS = ("inference", "model", "status", "cost", "may be billed", "since", "what")


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("path", metavar="JOB_FILE|FOLDER", type=click.Path(path_type=Path))
@PROJECT
@MADE_IN
@SANDBOX
@FLEET
@JSON
def status(
    path: Path,
    project: Path,
    output_dir: Path | None,
    sandbox: bool,
    fleet: bool,
    json_wanted: bool,
) -> int:  # fmt: skip
    """Say what a folder holds: each inference, its cost, what may still be billed, what to do next.

    Of a folder of output folders, a line for each of them; with --fleet, a job that several
    machines share: rows, speed, money, workers. Asks nobody and changes nothing. Exit 0,
    whatever it finds.
    """
    from vidi.cli.display.console import Console

    console = Console(json_wanted=json_wanted)
    if fleet:
        return _print(*_look_at_fleet(path, project), console)
    return _print(*_look_at_folders(path, project, output_dir, sandbox=sandbox), console)


def _look_at_folders(
    path: Path, project: Path, output_dir: Path | None, *, sandbox: bool
) -> tuple[object, list[str]]:
    from vidi.cli.display.console import Console
    from vidi.cli.running.job_files import find_job_file
    from vidi.errors import UsageError
    from vidi.runs.records.folder import find_run_folders

    path = find_job_file(path, project)
    if not path.exists():
        raise UsageError(f"there is no {path}", hint="Name a job file or an output folder.")
    folders = find_run_folders(path) if path.is_dir() else []
    if folders and folders != [path]:
        found, errors = _read_folders(folders)
        for error in errors:
            Console().report_error(error)
        return _sum_up(path, found, errors), _list_folders(found)
    if path.is_dir():
        one = _read_folder(path)
    else:
        one = _read_job(path, project, output_dir, sandbox=sandbox)
    return _to_json(one), _describe(one.status, one.command)


def _print(answer: object, lines: Sequence[str], console: Console) -> int:
    from vidi.runs.records.json_text import render_json

    if console.json_wanted:
        console.print_data(render_json(answer).rstrip("\n"))
    else:
        for line in lines:
            console.print_data(line)
    return 0


def _look_at_fleet(name: Path, project: Path) -> tuple[object, Sequence[str]]:
    from vidi.cli.running.fleet.asking import open_job
    from vidi.runs.records.destination import as_address

    with open_job(as_address(name) or name.as_posix(), project, None) as asked:
        return asked.describe(command="status", also={})


class _Found(NamedTuple):
    """What a folder holds, whose it is, and the command that brings it further."""

    status: FolderStatus
    job_file: str
    command: str


def _read_folders(folders: list[Path]) -> tuple[list[_Found], list[UsageError]]:
    """What each of some folders holds, and what cannot be read of the others."""
    from vidi.errors import UsageError

    found, errors = [], []
    for folder in folders:
        try:
            found.append(_read_folder(folder))
        except UsageError as error:
            errors.append(error)
    return found, errors


def _read_folder(folder: Path) -> _Found:
    from vidi.runs.records.status import choose_command, read_status

    found = read_status(folder)
    header = found.header or {}
    job_file = str(header.get("job_file", "JOB_FILE"))
    options = _lead_to(folder, job_file, sandbox=bool(header.get("sandbox")))
    return _Found(found, job_file, choose_command(found, job_file, options))


def _read_job(path: Path, project: Path, output_dir: Path | None, *, sandbox: bool) -> _Found:
    from vidi.runs.records.status import choose_command, read_status

    options = _repeat_options(project, output_dir, sandbox=sandbox)
    folder, models = _read_job_file(path, project, output_dir, sandbox=sandbox)
    found, job_file = read_status(folder, models), path.as_posix()
    return _Found(found, job_file, choose_command(found, job_file, options))


def _read_job_file(
    path: Path, project: Path, output_dir: Path | None, *, sandbox: bool
) -> tuple[Path, dict[str, str]]:
    from vidi.errors import Problem
    from vidi.jobs.job import read_job
    from vidi.runs.records.folder import locate_folder

    job = read_job(path, project=project, allow_outside=True)
    entries = (item for item in job.inferences() if not isinstance(item, Problem))
    models = {entry.id: entry.model for entry in entries}
    return locate_folder(job, project, given=output_dir, sandbox=sandbox), models


def _lead_to(folder: Path, job_file: str, *, sandbox: bool) -> list[str]:
    """The options with which a job file's commands find a folder."""
    from vidi.errors import VidiError
    from vidi.jobs.job import read_job
    from vidi.runs.records.folder import locate_folder

    options = ["--sandbox"] if sandbox else []
    try:
        job = read_job(Path(job_file), project=Path(), allow_outside=True)
    except VidiError:
        return options
    usual = locate_folder(job, Path(), given=None, sandbox=sandbox)
    return options if usual.resolve() == folder.resolve() else ["-o", folder.as_posix(), *options]


def _repeat_options(project: Path, output_dir: Path | None, *, sandbox: bool) -> list[str]:
    options = ["-C", project.as_posix()] if project != Path() else []
    options += ["-o", output_dir.as_posix()] if output_dir else []
    return [*options, "--sandbox"] if sandbox else options


def _to_json(one: _Found) -> dict[str, object]:
    head = {"schema_version": 1, "command": "status", "ok": True, "exit_code": 0}
    return {**head, **_describe_folder(one), "errors": []}


def _sum_up(root: Path, found: list[_Found], errors: list[UsageError]) -> dict[str, object]:
    """What a folder of folders holds, as JSON values."""
    from vidi.cli.display.json_answer import describe_vidi_error
    from vidi.inference.models.prices.money import json_number

    return {
        "schema_version": 1,
        "command": "status",
        "ok": True,
        "exit_code": 0,
        "folder": root.as_posix(),
        "cost_usd": json_number(sum((each.status.cost for each in _real(found)), Decimal(0))),
        "may_be_billed_usd": json_number(
            sum((each.status.owed for each in _real(found)), Decimal(0))
        ),
        "folders": [_describe_folder(each) for each in found],
        "errors": [describe_vidi_error(error) for error in errors],
    }


def _list_folders(every: list[_Found]) -> list[str]:
    """A line for each folder, their total, and what to do next in each."""
    from vidi.cli.display.columns import align
    from vidi.dollars import format_usd

    rows = [("folder", "inferences", "status", "cost", "may be billed")]
    for found, _, _ in every:
        counts = Counter(line.status.replace("_", " ") for line in found.lines)
        note = " (sandbox)" if found.sandbox else ""
        rows.append(
            (
                found.folder.as_posix() + note,
                str(len(found.lines)),
                ", ".join(f"{count} {status}" for status, count in counts.items()),
                format_usd(found.cost),
                format_usd(found.owed) if found.owed else "",
            )
        )
    cost = sum((each.status.cost for each in _real(every)), Decimal(0))
    owed = sum((each.status.owed for each in _real(every)), Decimal(0))
    count = str(sum(len(each.status.lines) for each in every))
    rows.append(("total", count, "", format_usd(cost), format_usd(owed) if owed else ""))
    steps = [f"next: {each.command}" for each in every if each.command]
    return [*align(rows, right=frozenset({1, 3, 4})), *(steps or ["nothing to do"])]


def _real(every: list[_Found]) -> list[_Found]:
    """Those in which money was spent: nothing that the sandbox made was paid for."""
    return [each for each in every if not each.status.sandbox]


def _describe_folder(one: _Found) -> dict[str, object]:
    from vidi.inference.models.prices.money import json_number

    found, job_file, command = one
    return {
        "job_file": job_file,
        "folder": found.folder.as_posix(),
        "sandbox": found.sandbox,
        "cost_usd": json_number(found.cost),
        "may_be_billed_usd": json_number(found.owed),
        "next_command": command or None,
        "inferences": [line.to_json() for line in found.lines],
    }


def _describe(found: FolderStatus, command: str) -> list[str]:
    from datetime import UTC, datetime

    from vidi.cli.display.columns import align, fit_terminal
    from vidi.dollars import format_usd

    now = datetime.now(UTC)
    rows = [HEADINGS]
    for line in found.lines:
        said = str((line.error or {}).get("message", "")) or ", ".join(line.assets)
        gone = "not in the job file; " if line.in_job is False else ""
        rows.append(
            (
                line.id,
                line.model,
                line.status.replace("_", " "),
                format_usd(line.cost),
                format_usd(line.owed) if line.owed else "",
                _format_age(line.since, now),
                gone + said,
            )
        )
    shown = fit_terminal(rows, middle=1, ends=(6,))
    owed = f", {format_usd(found.owed)} may still be billed" if found.owed else ""
    count = f"{len(found.lines)} inference{'' if len(found.lines) == 1 else 's'}"
    return [
        f"{found.folder.as_posix()}: {count}, {format_usd(found.cost)}{owed}",
        *(align(shown, right=frozenset({3, 4})) if found.lines else ()),
        f"next: {command}" if command else "nothing to do",
    ]


def _format_age(since: datetime | None, now: datetime) -> str:
    if since is None:
        return ""
    minutes = max(0, int((now - since).total_seconds())) // 60
    if minutes < 60:
        return f"{minutes} min ago"
    hours = minutes // 60
    return f"{hours} h ago" if hours < 48 else f"{hours // 24} days ago"
