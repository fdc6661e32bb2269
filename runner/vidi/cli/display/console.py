"""All that is printed: data on stdout, prose on stderr, colours only where they are welcome."""

from __future__ import annotations

import contextlib
import os
import sys
from typing import TYPE_CHECKING

import click

from vidi.cli.display.escaping.workflow_commands import (
    neutralize,
    neutralize_json,
    on_github,
    render_annotation,
)
from vidi.cli.display.visible import escape_json, make_visible
from vidi.errors import JobFileError, Problem, VidiError
from vidi.known_secrets import hide_secrets
from vidi.runs.execution.signals import received_signals

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from typing import TextIO

ABOUT_JOBS = frozenset({"run", "estimate", "validate", "diff"})
"""The commands whose answer has the one shape of answer_schema.py."""

MOST_TOLD = 500
"""Mistakes that a person is told: more are read by nobody."""

READABLE = {"yellow": "magenta"}
"""What nobody can read on white, and what is seen on white and on black."""


class Console:
    """Where a command speaks.

    Args:
        quiet: Say nothing but errors.
        verbose: Say more.
        json_wanted: stdout holds exactly one JSON object.
    """

    def __init__(
        self, *, quiet: bool = False, verbose: bool = False, json_wanted: bool = False
    ) -> None:
        self.quiet = quiet
        self.verbose = verbose
        self.json_wanted = json_wanted

    @property
    def colours(self) -> bool:
        """Whether stderr may be coloured (https://no-color.org)."""
        return sys.stderr.isatty() and not os.environ.get("NO_COLOR")

    @property
    def interactive(self) -> bool:
        """Whether somebody is there to be asked."""
        return sys.stdin.isatty() and sys.stderr.isatty() and not os.environ.get("CI")

    def print_data(self, text: str) -> None:
        """Print what the command was asked for, on stdout; one JSON object is printed whole."""
        self.print_pieces([text + "\n"])

    def print_pieces(self, pieces: Iterable[str]) -> None:
        """Print the same piece by piece, its line end included; none ends within a word."""
        visibly = sys.stdout.isatty()
        for piece in pieces:
            text = hide_secrets(piece)
            if self.json_wanted:
                received_signals.hold()
                text = neutralize_json(escape_json(text))
            elif on_github():
                text = neutralize(text)
            _echo(make_visible(text) if visibly else text, nl=False)

    def say(self, text: str, *, style: str | None = None) -> None:
        """Say something to a person, on stderr."""
        text = make_visible(text)
        if on_github():
            text = neutralize(text)
        colour = READABLE.get(style or "", style)
        _echo(click.style(text, fg=colour) if colour and self.colours else text, err=True)

    def tell(self, text: str, *, style: str | None = None) -> None:
        """Say something that -q leaves out."""
        if not self.quiet:
            self.say(text, style=style)

    def annotate(self, problems: Iterable[Problem]) -> None:
        """Show problems at their lines, where GitHub reads them."""
        if on_github():
            for problem in problems:
                _echo(make_visible(render_annotation(problem)), err=True)

    def report_error(self, error: VidiError, at: Sequence[Problem] = ()) -> int:
        """Print an error; returns the exit code that goes with it.

        Args:
            error: What went wrong.
            at: The same, once at each line that it is about.
        """
        if self.json_wanted:
            self.print_data(render_failure(error))
        if isinstance(error, JobFileError):
            self.report_problems(error.problems)
            return error.exit_code
        where = f"{error.place}: " if error.place else ""
        self.say(f"{where}{error.message}", style="red")
        if error.hint:
            self.say(f"  hint: {error.hint}")
        self.annotate(at or [Problem(error.code, error.message, error.place, error.hint)])
        return error.exit_code

    def report_problems(self, problems: Sequence[Problem]) -> None:
        """Print every problem with its line, a caret and the edit that mends it."""
        from vidi.cli.display.problems import fold_problems, render_folded

        folded = fold_problems(problems)
        told = [each for each in folded if each.problem.severity == "error" or not self.quiet]
        if len(told) > MOST_TOLD:
            told.sort(key=lambda each: each.problem.severity)  # errors before warnings
        for each in told[:MOST_TOLD]:
            self.say(render_folded(each))
            self.annotate([each.problem])
        if len(told) > MOST_TOLD:
            self.say(f"and {len(told) - MOST_TOLD:,} more like these: --json lists all of them")
        errors = sum(problem.severity == "error" for problem in problems)
        if errors:
            self.say(
                f"{errors:,} mistake{'' if errors == 1 else 's'}; nothing was sent.", style="red"
            )


def _echo(text: str, *, nl: bool = True, err: bool = False) -> None:
    """Print, unless whoever read it has gone: what is under way goes on, and ends as it ends."""
    try:
        click.echo(text, nl=nl, err=err)
    except BrokenPipeError:
        silence(sys.stderr if err else sys.stdout)


def silence(stream: TextIO) -> None:
    """Let what is printed from now on go nowhere: closing a pipe that broke would complain."""
    with contextlib.suppress(OSError, ValueError), open(os.devnull, "wb") as nowhere:  # noqa: PTH123 - as the system has it
        os.dup2(nowhere.fileno(), stream.fileno())


def render_failure(error: VidiError) -> str:
    """The one JSON object of a command that failed before it had anything to tell."""
    from vidi.cli.display.json_answer import describe_command, describe_failure
    from vidi.runs.records.json_text import render_json

    command = _name_command()
    if command in ABOUT_JOBS:
        answer = describe_command(command, (), exit_code=error.exit_code, errors=[error])
    else:
        answer = describe_failure(command, error)
    return render_json(answer).rstrip("\n")


def is_run() -> bool:
    """Whether a job file was to be run or estimated, and no other tool was asked for."""
    return _name_command() in {"run", "estimate"}


def _name_command() -> str:
    """What was asked for, as `--json` names it."""
    program, *arguments = sys.argv
    tool = not program.endswith("vidi-run") and arguments and arguments[0] != "run"
    if tool and not arguments[0].startswith("-"):
        return arguments[0]
    return "estimate" if {"--estimate", "--dry-run"} & set(arguments) else "run"
