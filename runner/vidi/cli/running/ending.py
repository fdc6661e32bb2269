"""How a command ended: one JSON object where it is wanted, and the exit code."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from vidi.cli.display.json_answer import describe_command
from vidi.cli.running.before import report
from vidi.cli.running.notifying.notify import notify
from vidi.cli.running.reports.destinations import write_reports
from vidi.cli.running.whole_command import find_cap
from vidi.errors import StorageError, VidiError
from vidi.runs.execution.signals import received_signals
from vidi.runs.records.json_text import render_json

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vidi.cli.running.state import CommandState

MOST_INDENTED = 1000
"""Inferences of an answer that people may read; a larger one is for programs, and on one line."""


@contextlib.contextmanager
def reporting_failure(state: CommandState) -> Iterator[None]:
    """Leave the reports also of a command that could not even begin."""
    try:
        yield
    except VidiError as error:
        state.errors.append(error)
        with contextlib.suppress(StorageError):
            write_reports(state)
        raise


def say_how_it_ended(state: CommandState) -> int:
    """Write the reports, tell who is to be told, and print the JSON object, where it is wanted.

    Returns:
        The exit code of the whole.
    """
    _write_reports(state)
    notify(state)
    if state.options.json_wanted:
        answer = _render_answer(state)
        received_signals.hold()
        state.console.print_data(answer)
    return state.exit_code


def _write_reports(state: CommandState) -> None:
    try:
        write_reports(state)
    except StorageError as error:
        state.fail(error)
        report(state)


def _render_answer(state: CommandState) -> str:
    answer = describe_command(
        state.command,
        state.job_runs,
        exit_code=state.exit_code,
        budget=find_cap(state),
        errors=state.errors,
    )
    lines = sum(len(job_run.plan.inferences) for job_run in state.job_runs if job_run.plan)
    return render_json(state.complete(answer), indented=lines <= MOST_INDENTED).rstrip("\n")
