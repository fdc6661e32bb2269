"""The one boundary: whatever goes wrong below becomes words and an exit code here."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

import click

from vidi.cli.console import Console
from vidi.errors import UsageError, VidiError

if TYPE_CHECKING:
    from pathlib import Path

INTERRUPTED = 130


def run_guarded(command: click.Command, program: str) -> int:
    """Run a click command with the process's arguments; returns the exit code, never raises."""
    console = Console(json_wanted="--json" in sys.argv)
    try:
        result = command.main(prog_name=program, standalone_mode=False)
        sys.stdout.flush()
    except click.exceptions.Exit as leave:
        return leave.exit_code
    except click.ClickException as error:
        hint = f"See `{_path_of(error) or program} --help`."
        return console.report_error(UsageError(error.format_message(), hint=hint))
    except (click.Abort, KeyboardInterrupt):
        console.say("stopped", style="red")
        return INTERRUPTED
    except BrokenPipeError:
        # Whoever read our output has gone; closing a dead pipe at exit would complain again.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except VidiError as error:
        return console.report_error(error)
    except Exception as bug:  # noqa: BLE001 - the boundary: no traceback ever reaches a user
        return _report_bug(bug, console)
    return result if isinstance(result, int) else 0


def _path_of(error: click.ClickException) -> str:
    context = getattr(error, "ctx", None)
    return context.command_path if context is not None else ""


def _report_bug(bug: Exception, console: Console) -> int:
    from vidi.cli.crash import write_crash_report

    path: Path | None = write_crash_report(bug)
    where = f"A report without secrets is in {path}; please send it." if path else ""
    return console.report_error(
        VidiError(
            f"vidi has a bug: {type(bug).__name__}",
            hint=f"{where} What was bought is in log.jsonl of the output folder.".strip(),
        )
    )
