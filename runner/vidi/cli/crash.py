"""A crash report: what a maintainer needs, and nothing that is secret."""

from __future__ import annotations

import os
import platform
import sys
from datetime import UTC, datetime
from pathlib import Path

from vidi.errors import VidiError
from vidi.inference.settings import KEYS
from vidi.known_secrets import hide_secrets, remember_secrets
from vidi.version import __version__

SECRET_WORDS = ("KEY", "TOKEN", "SECRET", "PASSWORD", "CREDENTIAL")


class CrashReports:
    """The reports of one run: one for each bug, however many inferences it strikes."""

    def __init__(self) -> None:
        self._told: dict[tuple[str, str, int], VidiError] = {}

    def describe(self, bug: Exception) -> VidiError:
        """Report a bug, unless it was reported before; returns what is to be said of it."""
        from traceback import extract_tb  # rarely needed, and it brings four modules

        frames = extract_tb(bug.__traceback__)
        at = (frames[-1].filename, frames[-1].lineno or 0) if frames else ("", 0)
        kind = (type(bug).__name__, *at)
        if kind not in self._told:
            self._told[kind] = describe_bug(bug)
        return self._told[kind]


def describe_bug(bug: BaseException) -> VidiError:
    """Write a crash report; returns what is to be said of it."""
    path = write_crash_report(bug)
    where = f"A report without secrets is in {path}; please send it." if path else ""
    return VidiError(
        f"vidi has a bug: {type(bug).__name__}",
        hint=f"{where} What was bought is in log.jsonl of the output folder.".strip(),
    )


def write_crash_report(bug: BaseException) -> Path | None:
    """Write a Markdown report of an unexpected error; None where no place can be written to."""
    from traceback import format_exception

    from platformdirs import user_state_path

    now = datetime.now(UTC)
    text = "\n".join(
        [
            f"# vidi {__version__} crashed",
            "",
            f"- time: {now.isoformat(timespec='seconds')}",
            f"- python: {platform.python_version()} on {platform.platform()}",
            f"- command: `{' '.join([Path(sys.argv[0]).name, *_hide_values(sys.argv[1:])])}`",
            "",
            "```",
            "".join(format_exception(bug)).rstrip(),
            "```",
            "",
        ]
    )
    name = f"crash-{now:%Y%m%dT%H%M%S%f}-{os.getpid()}.md"
    for folder in (user_state_path("vidi") / "crashes", Path.cwd()):
        try:
            folder.mkdir(parents=True, exist_ok=True)
            path = folder / name
            path.write_text(_redact(text), encoding="utf-8", errors="backslashreplace")
        except OSError:
            continue
        return path
    return None


def _hide_values(arguments: list[str]) -> list[str]:
    """The arguments of a command, each `--var NAME=VALUE` without its value: it may be a secret."""
    shown, last = [], ""
    for argument in arguments:
        if last == "--var" or argument.startswith("--var="):
            name = argument.removeprefix("--var=").partition("=")[0]
            argument = f"{'--var=' if argument.startswith('--var=') else ''}{name}=…"
        shown.append(argument)
        last = argument
    return shown


def _redact(text: str) -> str:
    """Take out every secret: what the command knows, and every variable that may be one."""
    named = (
        value
        for name, value in os.environ.items()
        if name in KEYS.values() or any(word in name.upper() for word in SECRET_WORDS)
    )
    remember_secrets(named)
    return hide_secrets(text)
