"""The first job file written, priced, and shown with its first entries."""

from __future__ import annotations

from decimal import ROUND_UP, Decimal
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from vidi.cli.commands.setup.editor.modeline import schema_beside, write_modeline
from vidi.cli.commands.setup.editor.schema_files import schema_of_jobs
from vidi.cli.commands.setup.first_job.columns import guess_columns
from vidi.cli.commands.setup.first_job.job_text import write_for_table, write_single
from vidi.cli.commands.setup.first_job.kinds import KINDS
from vidi.cli.commands.setup.first_job.project_files import write_new, write_project_files
from vidi.cli.commands.setup.first_job.questions import default_job_file
from vidi.cli.running.job_run import open_registry
from vidi.errors import UsageError
from vidi.inference.models.default_format import default_extension
from vidi.inference.models.params.schema import check_params
from vidi.jobs.data.sources import read_rows
from vidi.jobs.job import read_job
from vidi.jobs.reading.files import ProjectFiles
from vidi.runs.planning.deciding.record import FolderRecord
from vidi.runs.planning.plan import Choices
from vidi.runs.planning.planner import PlanTask, make_plan
from vidi.runs.records.atomic import replace_text
from vidi.runs.records.figures import format_estimate
from vidi.runs.records.folder import locate_folder
from vidi.runs.records.json_text import render_json

if TYPE_CHECKING:
    from vidi.cli.commands.setup.first_job.questions import Answers
    from vidi.cli.display.console import Console
    from vidi.inference.models.registry import ModelRegistry
    from vidi.runs.planning.plan import Plan

SHOWN = 3
"""Entries that are shown, and rows of a table that they are the first of."""
SMALLEST_BUDGET = Decimal("0.10")
_LONGEST_TEXT = 48


def begin(answers: Answers, console: Console) -> int:
    """Write a job file and what a project needs beside it, and say what it would cost.

    Raises:
        UsageError: The job file is there already, or the table cannot be read.
        JobFileError: Something in the table is wrong.
    """
    path = answers.job_file or default_job_file(answers.table)
    if path.exists():
        raise UsageError(f"{path} is there already", hint="Name another file.")
    registry = open_registry(Path(), None)
    budget = answers.budget or SMALLEST_BUDGET
    line = f"{write_modeline(path, schema_beside(path))}\n"
    write_new(path, line + _write_text(answers, registry, budget))
    written, hints = write_project_files(Path())
    written += _write_schema(path, registry)
    console.print_data(f"wrote {', '.join([path.as_posix(), *written])}")
    plan = _plan(path, registry)
    if answers.budget is None and plan.high is not None and plan.high > budget:
        budget = plan.high.quantize(Decimal("0.01"), ROUND_UP)
        replace_text(path, line + _write_text(answers, registry, budget))
    for line in _show(plan):
        console.print_data(line)
    for hint in hints:
        console.say(hint, style="yellow")
    console.say(f"try it for nothing: vidi-run {path.as_posix()} --sandbox")
    return 0


def _write_text(answers: Answers, registry: ModelRegistry, budget: Decimal) -> str:
    kind = KINDS[answers.kind]
    model = registry.get_template(kind.model)
    effective = check_params(model, model.example, base=None).effective
    extension = default_extension(model, effective)
    if answers.table is None:
        return write_single(kind, budget, extension)
    rows = read_rows(answers.table, ProjectFiles(Path()))
    columns = guess_columns([row.item for row in rows], model, kind.text_param)
    return write_for_table(answers.table, columns, kind, budget, extension)


def _write_schema(path: Path, registry: ModelRegistry) -> list[str]:
    """Write what an editor completes the job file from, where there is nothing yet."""
    schema = schema_beside(path)
    if schema.exists():
        return []
    write_new(schema, render_json(schema_of_jobs([read_job(path, project=Path())], registry)))
    return [schema.as_posix()]


def _plan(path: Path, registry: ModelRegistry) -> Plan:
    """The plan of the job file; mistakes in the table's cells are told with their places."""
    project = Path()
    job = read_job(path, project=project)
    folder = locate_folder(job, project, given=None, sandbox=False)
    return make_plan(PlanTask(job, registry, project, folder, FolderRecord({}), Choices()))


def _show(plan: Plan) -> list[str]:
    """The first entries, how many there are, and the price."""
    lines = []
    for planned in islice(plan.inferences, SHOWN):
        params = planned.request.checked.params
        text = " ".join(str(params.get("prompt", params.get("text", ""))).split())
        shown = text if len(text) <= _LONGEST_TEXT else f"{text[: _LONGEST_TEXT - 1]}…"
        lines.append(
            f"  {planned.id}: {shown} → {(plan.folder / planned.request.output).as_posix()}"
        )
    rest = len(plan.inferences) - SHOWN
    if rest > 0:
        lines.append(f"  … and {rest:,} more")
    count = len(plan.inferences)
    price = format_estimate(plan.low, plan.high)
    return [*lines, f"{count:,} inference{'' if count == 1 else 's'}, {price}"]
