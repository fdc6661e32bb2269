"""A job file carried out for a program, on the way that `vidi-run` goes."""

from __future__ import annotations

import contextlib
import html
import logging
import signal
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import click

from vidi.cli.display.console import Console
from vidi.cli.options import run_options
from vidi.cli.run_options import RunOptions
from vidi.cli.running.job_files import find_job_files
from vidi.cli.running.state import CommandState
from vidi.cli.running.steps import STEPS, take_steps
from vidi.dollars import format_usd
from vidi.errors import UsageError, VidiError
from vidi.runs.execution.signals import received_signals

if TYPE_CHECKING:
    from decimal import Decimal
    from pathlib import Path

_log = logging.getLogger("vidi.run")
_ONE_AT_A_TIME = threading.Lock()
"""A process hears its signals in one place, so it carries out one job file at a time."""
_PICTURES = 24
"""How many entries a notebook shows."""


@click.command("vidi.run")
@run_options
def _options(**options: Any) -> int:
    """The options of `vidi-run`, which are only read."""
    del options
    return 0


class RunManifest(dict[str, Any]):
    """manifest.json of a run, as a dict; its schema is what `vidi schema manifest` prints."""

    folder: Path
    """Where the assets are."""

    def __repr__(self) -> str:
        """How it ended, and what it has cost."""
        counts = self["totals"]["by_status"]
        told = ", ".join(f"{count} {status}" for status, count in counts.items() if count)
        spent = format_usd(self["cost_usd"]["actual"])
        return f"<run {self['run']['status']}: {told or 'nothing to do'}; {spent}>"

    def _repr_html_(self) -> str:
        """A line for each entry, for a notebook."""
        rows = "".join(
            "<tr>"
            + "".join(f"<td>{html.escape(str(each))}</td>" for each in self._cells(row))
            + "</tr>"
            for row in self["inferences"][:_PICTURES]
        )
        more = len(self["inferences"]) - _PICTURES
        rest = f"<p>… and {more:,} more</p>" if more > 0 else ""
        return f"<p>{html.escape(repr(self)[1:-1])}</p><table>{rows}</table>{rest}"

    @staticmethod
    def _cells(row: dict[str, Any]) -> tuple[str, ...]:
        paths = ", ".join(asset["path"] for asset in row["assets"])
        cost = format_usd(row["cost_usd"]["actual"])
        return (row["id"], row["status"], cost, paths, (row["error"] or {}).get("message", ""))


def run_job_file(
    job_file: Path | str,
    *,
    budget: Decimal | float | str | None,
    sandbox: bool,
    project: Path | str,
    progress: bool,
    options: dict[str, Any],
) -> RunManifest:
    """Carry out one job file; see `vidi.run`."""
    given = {**options, "budget": budget, "sandbox": sandbox, "project": project}
    wanted = _read_options(job_file, {**given, "no_input": True, "quiet": not progress})
    with _ONE_AT_A_TIME:
        return _on_a_thread_of_its_own(replace(wanted, no_progress=True))


def _read_options(job_file: Path | str, given: dict[str, Any]) -> RunOptions:
    """Options as the command line of `vidi-run` reads them.

    Raises:
        UsageError: There is no such option, or it cannot have that value.
    """
    words = [word for name, value in given.items() for word in _as_words(name, value)]
    try:
        context = _options.make_context("vidi.run", [*words, "--", str(job_file)])
    except click.ClickException as error:
        hint = "Options are those of `vidi-run --help`, with _ for -."
        raise UsageError(error.format_message(), hint=hint) from error
    options = RunOptions(**context.params)
    if options.fleet:
        raise UsageError("a program runs jobs by itself", hint="Plan a fleet with `vidi-run`.")
    return options


def _as_words(name: str, value: object) -> list[str]:
    flag = f"--{name.replace('_', '-')}"
    match value:
        case None | False:
            return ["--no-report"] if (name, value) == ("report", False) else []
        case True:
            return [flag]
        case list() | tuple():
            return [f"{flag}={each}" for each in value]
        case _:
            return [f"{flag}={value}"]


def _on_a_thread_of_its_own(options: RunOptions) -> RunManifest:
    """Under a running event loop, as in a notebook, no other may run: so it gets a thread.

    An interrupt of who waits stops the run as Ctrl-C stops `vidi-run`: what is paid comes home.
    """
    with ThreadPoolExecutor(1, thread_name_prefix="vidi-run") as thread:
        running = thread.submit(_run, options)
        while True:
            try:
                return running.result()
            except KeyboardInterrupt:
                if running.done():
                    raise
                received_signals.hear(signal.SIGINT)


def _run(options: RunOptions) -> RunManifest:
    console = Console(quiet=options.quiet) if not options.quiet else _LoggingConsole(quiet=True)
    options = replace(options, job_files=find_job_files(options.job_files, options.project))
    with received_signals.hearing(), contextlib.ExitStack() as held:
        state = CommandState("run", options, console, held)
        take_steps(STEPS["run"], state)
    job_run = state.job_runs[0] if state.job_runs else None
    if job_run is not None and job_run.result is not None and job_run.manifest is not None:
        result = job_run.result
        manifest = RunManifest({**result, "inferences": [*result["inferences"]]})
        manifest.folder = job_run.manifest.parent
        return manifest
    errors = [*state.errors, *(job_run.errors if job_run else ())]
    raise errors[0] if errors else VidiError("the run ended without a manifest")


class _LoggingConsole(Console):
    """What a command would print goes to the logger `vidi.run`."""

    def print_data(self, text: str) -> None:
        """Log it."""
        _log.info("%s", text)

    def say(self, text: str, *, style: str | None = None) -> None:
        """Log it; errors are raised or in the manifest as well, so they are no more than that."""
        _log.log(logging.WARNING if style == "yellow" else logging.INFO, "%s", text)
