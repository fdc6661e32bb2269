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
from vidi.runs.records.json_text import LongList, render_in_pieces, render_json

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

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
        state.console.print_pieces(_render_answer(state))
    return state.exit_code


def _write_reports(state: CommandState) -> None:
    try:
        write_reports(state)
    except StorageError as error:
        state.fail(error)
        report(state)


def _render_answer(state: CommandState) -> Iterator[str]:
    plans = [job_run.plan for job_run in state.job_runs if job_run.plan]
    if sum(len(plan.inferences) for plan in plans) <= MOST_INDENTED:
        yield render_json(_describe(state, list))
        return
    put_off: list[LongList] = []

    def put_off_rows(rows: Iterator[object]) -> LongList:
        put_off.append(LongList(rows))
        return put_off[-1]

    yield from render_in_pieces(_describe(state, put_off_rows), put_off)


def _describe(
    state: CommandState, list_rows: Callable[[Iterator[object]], object]
) -> dict[str, object]:
    answer = describe_command(
        state.command,
        state.job_runs,
        exit_code=state.exit_code,
        budget=find_cap(state),
        errors=state.errors,
        list_rows=list_rows,
    )
    return state.complete(answer)
