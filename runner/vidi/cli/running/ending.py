"""How a command ended: one JSON object where it is wanted, and the exit code."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vidi.cli.display.json_answer import describe_answer
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
    answers = [
        describe_answer(
            state.command,
            job_run.path,
            exit_code=job_run.exit_code,
            plan=job_run.plan,
            errors=job_run.errors,
            manifest=job_run.manifest,
            ran=job_run.result,
        )
        for job_run in state.job_runs
    ]
    if len(answers) == 1:
        return render_json(answers[0]).rstrip("\n")
    whole = {
        "schema_version": 1,
        "command": state.command,
        "ok": not state.exit_code,
        "exit_code": state.exit_code,
        "jobs": answers,
    }
    return render_json(whole).rstrip("\n")
