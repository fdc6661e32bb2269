"""The summary in Markdown: what changes or has changed, for how much, and what went wrong."""

from __future__ import annotations

from decimal import Decimal
from itertools import islice
from typing import TYPE_CHECKING

from vidi.cli.display.escaping.markdown import escape_text, fold, render_table
from vidi.cli.exit_codes import explain_exit
from vidi.cli.running.reports.changes import CHANGES, count_changes, name_change
from vidi.cli.running.reports.findings import AMISS, list_findings
from vidi.cli.running.whole_command import find_cap
from vidi.dollars import DASH, format_usd
from vidi.runs.planning.budgets import sum_budgets, sum_up

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from vidi.cli.running.job_run import JobRun
    from vidi.cli.running.state import CommandState
    from vidi.errors import Problem
    from vidi.runs.planning.plan import Plan, PlannedInference
    from vidi.runs.records.manifest.shape import InferenceShape

OPEN_ROWS = 30
"""Rows of a table that are shown at once; a longer one is opened by a click."""
MOST_ROWS = 100
LONGEST = 60_000
"""Characters: a comment on GitHub holds 65,536."""


def render_summary(state: CommandState) -> str:
    """Say in Markdown what a command about job files found and did."""
    parts = [
        f"### {_title(state)}",
        f"exit {state.exit_code}: {explain_exit(state.exit_code)}",
        _render_jobs(state),
        _render_findings([each for each in list_findings(state) if each.severity == "error"]),
        _render_inferences(state),
        _render_warnings([each for each in list_findings(state) if each.severity == "warning"]),
    ]
    return _cut([part for part in parts if part])


def _cut(parts: Sequence[str]) -> str:
    """As many whole parts as a comment holds."""
    text = ""
    for part in parts:
        if len(text) + len(part) > LONGEST:
            return text + "More is in the log and in the manifest.\n"
        text += f"{part}\n\n"
    return text.rstrip("\n") + "\n"


def _title(state: CommandState) -> str:
    mark = "✓" if state.exit_code == 0 else "✗"
    plans = [each.plan for each in state.job_runs]
    own = [each.budget if each is not None else None for each in plans]
    budget = sum_budgets(find_cap(state), own)
    capped = "no budget" if budget is None else f"budget {format_usd(budget)}"
    note = " (sandbox: nothing was paid)" if state.options.sandbox else ""
    if state.command == "validate":
        return f"{mark} vidi validate"
    if state.command == "run":
        spent = sum((_spent(each) for each in state.job_runs), Decimal(0))
        return f"{mark} vidi: spent {format_usd(spent)}{note}, {capped}"
    price = _price_all(plans)
    return f"{mark} vidi estimate: {price}, {capped}" if price else f"{mark} vidi estimate"


def _price_all(plans: Sequence[Plan | None]) -> str:
    """What all job files cost together; empty where one of them has no plan."""
    known = [each for each in plans if each is not None]
    if len(known) < len(plans) or not plans:
        return ""
    low = sum((each.low for each in known), Decimal(0))
    return _range(low, sum_up(each.high for each in known))


def _render_jobs(state: CommandState) -> str:
    """A row for each job file: its inferences by what is done with them, and its money."""
    if not state.job_runs:
        return ""
    ran = state.command == "run"
    money = () if state.command == "validate" else ("estimate:", *(("spent:",) * ran), "budget:")
    headings = ("job file", *(f"{each}:" for each in CHANGES), *(("not well:",) * ran), *money)
    rows = [_job_row(each, state) for each in islice(state.job_runs, MOST_ROWS)]
    return render_table(headings, rows)


def _job_row(job_run: JobRun, state: CommandState) -> list[str]:
    plan, result = job_run.plan, job_run.result
    counts = count_changes(job_run)
    known = plan is not None or result is not None
    cells = [escape_text(job_run.path.as_posix())]
    cells += [str(counts[change]) if known else DASH for change in CHANGES]
    if state.command == "run":
        rows = result["inferences"] if result else ()
        cells.append(str(sum(row["status"] in AMISS for row in rows)) if result else DASH)
    if state.command != "validate":
        cells.append(_range(plan.low, plan.high) if plan is not None else DASH)
        if state.command == "run":
            cells.append(format_usd(_spent(job_run)))
        cells.append(format_usd(plan.budget) if plan is not None else DASH)
    return cells


def _render_findings(errors: Sequence[Problem]) -> str:
    rows = [_finding_row(each) for each in errors[:MOST_ROWS]]
    table = render_table(("where", "what is wrong", "what to do"), rows)
    return _part("What is wrong", table, len(errors), shown=len(rows))


def _render_warnings(warnings: Sequence[Problem]) -> str:
    rows = [_finding_row(each) for each in warnings[:MOST_ROWS]]
    table = render_table(("where", "what is odd", "what to do"), rows)
    return _part("Warnings", table, len(warnings), shown=len(rows), opened=0)


def _finding_row(problem: Problem) -> list[str]:
    place = problem.place
    where = f"{place.path}:{place.line}" if place and place.line else str(place or "")
    return [escape_text(each) for each in (where, problem.message, problem.hint)]


def _render_inferences(state: CommandState) -> str:
    """Every inference that something is done with."""
    changed = list(_list_changed(state))
    several, ran = len(state.job_runs) > 1, state.command == "run"
    shown = [
        [
            *([escape_text(job_run.path.as_posix())] * several),
            escape_text(planned.id),
            escape_text(planned.reason),
            escape_text(planned.model),
            _range(planned.estimate.low, planned.estimate.high),
            *(_tell_end(row) if ran else ()),
        ]
        for job_run, planned, row in changed[:MOST_ROWS]
    ]
    headings = (
        *(("job file",) * several),
        *("inference", "why", "model", "estimate:"),
        *(("status", "spent:") if ran else ()),
    )
    table = render_table(headings, shown)
    return _part("What is done" if ran else "What a run does", table, len(changed), len(shown))


def _list_changed(
    state: CommandState,
) -> Iterator[tuple[JobRun, PlannedInference, InferenceShape | None]]:
    if state.command == "validate":
        return
    for job_run in state.job_runs:
        rows = {row["id"]: row for row in job_run.result["inferences"]} if job_run.result else {}
        for planned in job_run.plan.inferences if job_run.plan is not None else ():
            if name_change(planned) not in {"unchanged", "skipped"}:
                yield job_run, planned, rows.get(planned.id)


def _tell_end(row: InferenceShape | None) -> tuple[str, str]:
    if row is None:
        return DASH, DASH
    actual = row["cost_usd"]["actual"]
    return row["status"].replace("_", " "), format_usd(actual)


def _part(title: str, table: str, count: int, shown: int, opened: int = OPEN_ROWS) -> str:
    """A titled table; folded where it is long, and with how much of it is left out."""
    if not count:
        return ""
    rest = f"\n\nand {count - shown:,} more" if count > shown else ""
    if count > opened:
        return fold(f"{title} ({count:,})", table + rest)
    return f"**{title}**\n\n{table}{rest}"


def _range(low: Decimal, high: Decimal | None) -> str:
    if high is None:
        return f"from {format_usd(low)}"
    return format_usd(high) if low == high else f"{format_usd(low)} to {format_usd(high)}"


def _spent(job_run: JobRun) -> Decimal:
    return Decimal(str(job_run.result["cost_usd"]["actual"])) if job_run.result else Decimal(0)
