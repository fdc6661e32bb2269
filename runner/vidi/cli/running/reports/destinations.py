"""Where a command's reports go: the files that options name, and those that GitHub names."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from vidi.cli.display.escaping.workflow_commands import on_github
from vidi.errors import StorageError, UsageError
from vidi.file_kinds import check_regular

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vidi.cli.run_options import RunOptions
    from vidi.cli.running.state import CommandState

SUMMARY_LIMIT = 1024 * 1024
"""Bytes of the summary of one step of GitHub Actions; one that is longer is not shown at all."""


def prepare_reports(options: RunOptions) -> None:
    """Make sure that the reports can be written, before anything is spent.

    Raises:
        UsageError: A folder cannot be made, or a path is a folder.
    """
    for option, path in _list_named(options):
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            writable = os.access(path.parent, os.W_OK) and not path.is_dir()
        except OSError:
            writable = False
        if not writable:
            raise UsageError(f"cannot write {path}", hint=f"Name another file with {option}.")


def write_reports(state: CommandState) -> None:
    """Write what was asked for, as far as the command came.

    What GitHub reads beside that is never a reason to fail.

    Raises:
        StorageError: A file that an option names cannot be written.
    """
    if state.command == "diff":  # it writes nothing: `--markdown` is for who wants it somewhere
        return
    _write_for_github(state)
    options = state.options
    if options.junit is not None:
        from vidi.cli.running.reports.junit import write_junit_report

        write_junit_report(state, options.junit)
    if options.summary_markdown is not None:
        from vidi.cli.running.reports.markdown import render_summary

        _write(options.summary_markdown, render_summary(state))
    if options.code_quality is not None:
        from vidi.cli.running.reports.code_quality import render_code_quality
        from vidi.cli.running.reports.findings import list_findings

        _write(options.code_quality, render_code_quality(list_findings(state)))


def _list_named(options: RunOptions) -> Iterator[tuple[str, Path]]:
    named = (
        ("--junit", options.junit),
        ("--summary-markdown", options.summary_markdown),
        ("--code-quality", options.code_quality),
        ("--plan", options.plan),
    )
    yield from ((option, path) for option, path in named if path is not None)


def _write(path: Path, text: str) -> None:
    from vidi.runs.records.atomic import replace_text

    replace_text(path, text)


def _write_for_github(state: CommandState) -> None:
    """The summary and the outputs of the step, where a runner has said where they go."""
    if not on_github():
        return
    try:
        if summary := os.environ.get("GITHUB_STEP_SUMMARY"):
            from vidi.cli.running.reports.markdown import render_summary

            _append(Path(summary), render_summary(state) + "\n", limit=SUMMARY_LIMIT)
        if outputs := os.environ.get("GITHUB_OUTPUT"):
            from vidi.cli.running.reports.step_outputs import list_outputs, render_outputs

            _append(Path(outputs), render_outputs(list_outputs(state)))
    except StorageError as error:
        state.console.say(error.message, style="yellow")


def _append(path: Path, text: str, limit: int | None = None) -> None:
    data = text.encode("utf-8", "replace")
    try:
        check_regular(path)
        with path.open("ab") as file:
            if limit is None or file.tell() + len(data) <= limit:
                file.write(data)
    except OSError as error:
        raise StorageError(f"cannot write {path}: {error.strerror}") from error
