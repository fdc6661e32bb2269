"""The front door: the commands, run in this process or as the installed program."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from support.servers.warm_process import Started, run_warm, start_warm, write_command
from vidi.cli.boundary import run_guarded
from vidi.cli.commands.jobs.run import run
from vidi.cli.toolbox import toolbox

COLD = ("LANG", "LC_", "PYTHON")
"""Settings of the interpreter, which reads them when it starts."""
PROGRAMS = {"vidi-run": run, "vidi": toolbox}


@dataclass(frozen=True)
class Answer:
    """What a command left behind."""

    exit_code: int
    stdout: str
    stderr: str

    @property
    def json(self) -> Any:
        return json.loads(self.stdout)


class Here:
    """Runs commands in this process, in a folder of its own."""

    def __init__(self, folder: Path, monkeypatch, capfd) -> None:
        self.folder = folder
        self._monkeypatch = monkeypatch
        self._capfd = capfd

    def write(self, name: str, text: str) -> Path:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return path

    def __call__(self, program: str, *arguments: object) -> Answer:
        self._capfd.readouterr()
        self._monkeypatch.setattr(sys, "argv", [program, *map(str, arguments)])
        code = run_guarded(PROGRAMS[program], program)
        out, err = self._capfd.readouterr()
        return Answer(code, out, err)

    def manifest(self, folder: str) -> Any:
        return json.loads((self.folder / folder / "manifest.json").read_text(encoding="utf-8"))


def installed(program: str) -> str:
    """The path of an installed command, beside the interpreter that runs the tests."""
    return str(Path(sys.executable).with_name(program))


def run_warmed(
    program: str, *arguments: str, cwd: Path, environment: Mapping[str, str], timeout: float = 60
) -> Answer:
    """Run a command in a process of its own that has everything imported."""
    return Answer(*run_warm(program, *arguments, cwd=cwd, env=environment, longest_s=timeout))


def run_started(
    program: str, *arguments: str, cwd: Path, environment: Mapping[str, str], timeout: float = 60
) -> Answer:
    """Start an installed command."""
    done = subprocess.run(
        [installed(program), *arguments],
        cwd=cwd,
        env=environment,
        capture_output=True,
        encoding="utf-8",
        stdin=subprocess.DEVNULL,
        timeout=timeout,
        check=False,
    )
    return Answer(done.returncode, done.stdout, done.stderr)


def run_installed(
    program: str, *arguments: object, cwd: Path, timeout: float = 60, **environment: str
) -> Answer:
    """Run an installed command as a user would, in a process of its own.

    With VIDI_ALL_STARTS=1 it is started anew, imports and all; else it is forked by a process that
    has them, but where a setting speaks to the interpreter itself.
    """
    words = [str(argument) for argument in arguments]
    cold = os.environ.get("VIDI_ALL_STARTS") or any(name.startswith(COLD) for name in environment)
    start = run_started if cold else run_warmed
    whole = {**os.environ, **environment}
    return start(program, *words, cwd=cwd, environment=whole, timeout=timeout)


def put_on_path(folder: Path, program: str) -> None:
    """Put an installed command into a folder for PATH; as `run_installed`, warm or not."""
    if os.environ.get("VIDI_ALL_STARTS"):
        (folder / program).symlink_to(installed(program))
    else:
        write_command(folder / program, program)


def start_installed(
    program: str, *arguments: object, cwd: Path, env: Mapping[str, str], **streams: Any
) -> subprocess.Popen[str] | Started:
    """Begin an installed command, to be pressed or read from while it runs; as `run_installed`."""
    words = [str(argument) for argument in arguments]
    if os.environ.get("VIDI_ALL_STARTS"):
        command = [installed(program), *words]
        return subprocess.Popen(command, cwd=cwd, env=env, encoding="utf-8", **streams)
    return start_warm(program, *words, cwd=cwd, env=env, **streams)
