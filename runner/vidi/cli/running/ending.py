"""How a command ended: one JSON object where it is wanted, and the exit code."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vidi.cli.display.json_answer import describe_command
from vidi.cli.running.whole_command import find_cap
from vidi.runs.execution.signals import received_signals
from vidi.runs.records.json_text import render_json

if TYPE_CHECKING:
    from vidi.cli.running.state import CommandState


def say_how_it_ended(state: CommandState) -> int:
    """Print the JSON object where it is wanted; returns the exit code of the whole."""
    if state.options.json_wanted:
        answer = _render_answer(state)
        received_signals.hold()
        state.console.print_data(answer)
    return state.exit_code


def _render_answer(state: CommandState) -> str:
    answer = describe_command(
        state.command,
        state.job_runs,
        exit_code=state.exit_code,
        budget=find_cap(state),
        errors=state.errors,
    )
    return render_json(answer).rstrip("\n")
