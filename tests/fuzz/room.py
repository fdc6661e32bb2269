"""A folder in which commands are run in this process, and what they must never end with."""

from __future__ import annotations

import contextlib
import io
import json
import os
import re
import shutil
import sys
import tempfile
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from support.commands import PROGRAMS
from vidi.cli.boundary import run_guarded

if TYPE_CHECKING:
    from collections.abc import Iterator

UNSET = ("REPLICATE_API_TOKEN", "FAL_KEY", "CI", "GITHUB_ACTIONS", "VIDI_STORE")
_FRAME = re.compile(r'File ".*/vidi/(\S+)", line (\d+)')


class CrashError(Exception):
    """A command ended with 70, with a traceback, or with no JSON where it was to print some."""


@cache
def home() -> Path:
    """The folder of this process: its working directories, and the state beside them."""
    folder = Path(tempfile.mkdtemp(prefix="fuzz-"))
    for name in UNSET:
        os.environ.pop(name, None)
    os.environ["XDG_STATE_HOME"] = str(folder / "state")
    os.environ["VIDI_REGISTRY"] = str(folder / "none.pack")
    os.environ["VIDI_COSTS"] = "off"
    return folder


@contextlib.contextmanager
def empty_room() -> Iterator[Path]:
    """An empty folder as the working directory."""
    room = home() / "room"
    shutil.rmtree(room, ignore_errors=True)
    room.mkdir()
    before = Path.cwd()
    os.chdir(room)
    try:
        yield room
    finally:
        os.chdir(before)


def run(program: str, *arguments: str) -> str:
    """Run a command in this process; returns its exit code as the kind of its end.

    Raises:
        CrashError: It did not end in words.
    """
    out, err = io.StringIO(), io.StringIO()
    saved, sys.argv = sys.argv, [program, *arguments]
    try:
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            code = run_guarded(PROGRAMS[program], program)
    finally:
        sys.argv = saved
    _check(code, out.getvalue(), err.getvalue(), arguments)
    return str(code)


def _check(code: int, out: str, err: str, arguments: tuple[str, ...]) -> None:
    if code == 70:
        raise CrashError(_read_report())
    if "Traceback (most recent call last)" in err:
        raise CrashError("a traceback")
    if code and not err.strip():
        raise CrashError(f"exit {code} without a word")
    if "--json" in arguments:
        json.loads(out, parse_constant=_refuse)


def _read_report() -> str:
    """What went wrong, and where, as the crash report has it."""
    reports = sorted((home() / "state/vidi/crashes").glob("*.md"))
    text = reports[-1].read_text(encoding="utf-8") if reports else ""
    for report in reports:
        report.unlink()
    *_, at = [("?", "0"), *_FRAME.findall(text)]
    last = text.rstrip("`\n").rpartition("\n")[2]
    return f"{last.partition(':')[0]} at {at[0].rpartition('/')[2]}:{at[1]}"


def _refuse(name: str) -> None:
    raise CrashError(f"{name} is no JSON")
