"""The one boundary: whatever goes wrong below becomes words and an exit code here."""

from __future__ import annotations

import contextlib
import os
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING

import click

from vidi.cli.display.console import Console, is_run, silence
from vidi.errors import StorageError, UsageError, VidiError
from vidi.known_secrets import forget_secrets
from vidi.runs.execution.signals import received_signals

if TYPE_CHECKING:
    from collections.abc import Iterator


def run_guarded(command: click.Command, program: str) -> int:
    """Run a click command with the process's arguments; returns the exit code, never raises."""
    _mend_streams()
    _spare_imports()
    forget_secrets()
    console = Console(json_wanted="--json" in sys.argv)
    with received_signals.hearing(), _heard_threads(console):
        try:
            return _run_until_stopped(command, program, console)
        except OSError:
            # Nobody can be told: what we would print goes nowhere. What was bought is on record.
            received_signals.hold()
            silence(sys.stdout)
            silence(sys.stderr)
            return StorageError.exit_code


def _run_until_stopped(command: click.Command, program: str, console: Console) -> int:
    try:
        received_signals.break_off()
        code = _run(command, program, console)
        received_signals.hold()
    except KeyboardInterrupt:  # outside of the command itself
        return _report_stop(console)
    return code


def _run(command: click.Command, program: str, console: Console) -> int:
    try:
        _mend_arguments()
        result = command.main(prog_name=program, standalone_mode=False)
        sys.stdout.flush()
    except click.exceptions.Exit as leave:
        return leave.exit_code
    except click.ClickException as error:
        hint = f"See `{_path_of(error) or program} --help`."
        return console.report_error(UsageError(error.format_message(), hint=hint))
    except (click.Abort, KeyboardInterrupt):
        return _report_stop(console)
    except BrokenPipeError:
        silence(sys.stdout)  # whoever read it has gone
        return 0
    except VidiError as error:
        return console.report_error(error)
    except Exception as bug:  # noqa: BLE001 - the boundary: no traceback ever reaches a user
        return _report_bug(bug, console)
    return result if isinstance(result, int) else 0


def _report_stop(console: Console) -> int:
    told = "stopped before anything was sent" if is_run() else "stopped"
    return console.report_error(received_signals.describe(told))


def _mend_streams() -> None:
    """Make every text printable anywhere, and give a closed stream somewhere to go."""
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:
            setattr(sys, name, Path(os.devnull).open("w", encoding="utf-8"))  # noqa: SIM115 - open to the end
        elif hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    if "--json" in sys.argv and hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(encoding="utf-8")  # as JSON is (RFC 8259)


def _spare_imports() -> None:
    """Have httpx do without its own command, as where its extra `cli` is not installed.

    It would load half of rich and Pygments: a tenth of what a run takes to its first request.
    """
    sys.modules.setdefault("httpx._main", None)  # type: ignore[arg-type]  # documented: no import


def _mend_arguments() -> None:
    """Read arguments as UTF-8 whatever the locale says.

    Raises:
        UsageError: One of them is no UTF-8, or files cannot be given names in UTF-8.
    """
    names = sys.getfilesystemencoding()
    if names != "utf-8":
        raise UsageError(
            f"Python names files in {names} here, and job files name them in UTF-8",
            hint="Set PYTHONUTF8=1, or a UTF-8 locale such as LC_ALL=C.UTF-8.",
        )
    for number, argument in enumerate(sys.argv):
        try:
            sys.argv[number] = os.fsencode(argument).decode("utf-8")
        except UnicodeError as error:
            raise UsageError(
                f"an argument is not UTF-8 text: {argument!r}",
                hint="Name files and values in UTF-8.",
            ) from error


def _path_of(error: click.ClickException) -> str:
    context = getattr(error, "ctx", None)
    return context.command_path if context is not None else ""


@contextlib.contextmanager
def _heard_threads(console: Console) -> Iterator[None]:
    """Have a bug in a thread of ours told in words too, and with no secret."""

    def report(what: threading.ExceptHookArgs) -> None:
        if isinstance(what.exc_value, Exception):
            _report_bug(what.exc_value, console)

    before, threading.excepthook = threading.excepthook, report
    try:
        yield
    finally:
        threading.excepthook = before


def _report_bug(bug: Exception, console: Console) -> int:
    from vidi.cli.crash import describe_bug

    return console.report_error(describe_bug(bug))
