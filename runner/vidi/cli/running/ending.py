"""How a command ended: one JSON object where it is wanted, and the exit code."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vidi.cli.display.json_answer import describe_command
from vidi.cli.running.before import report
from vidi.cli.running.whole_command import find_cap
from vidi.errors import VidiError
from vidi.runs.execution.signals import received_signals
from vidi.runs.records.json_text import render_json

if TYPE_CHECKING:
    from pathlib import Path

    from vidi.cli.running.state import CommandState


def say_how_it_ended(state: CommandState) -> int:
    """Write the JUnit report and print the JSON object, where they are wanted.

    Returns:
        The exit code of the whole.
    """
    if state.options.junit is not None:
        _write_junit(state, state.options.junit)
    if state.options.json_wanted:
        answer = _render_answer(state)
        received_signals.hold()
        state.console.print_data(answer)
    return state.exit_code


def _write_junit(state: CommandState, path: Path) -> None:
    from vidi.cli.running.junit_report import write_junit_report

    try:
        write_junit_report(state, path)
    except VidiError as error:
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
    return render_json(answer).rstrip("\n")
