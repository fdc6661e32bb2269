"""A warm process that forks a child for each command: all of a start but the imports.

The warm process has imported all that the commands need, and nothing else: no thread, event loop or
database is open in it. A child of it is a process of its own, with its own folder, environment and
files, that goes through the installed command's entry point and ends as any process does, by
SIGKILL too.
"""

import atexit
import contextlib
import gc
import importlib
import json
import os
import pkgutil
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path

from support.commands import Answer

LONGEST_S = 60
"""No command takes longer; one that does is ended by SIGALRM."""
NEW = os.O_WRONLY | os.O_CREAT | os.O_TRUNC
IN_PASSING = ("replicate.resources", "certifi", "gzip", "encodings.utf_8_sig")
"""What the libraries import only when they are used."""


class WarmProcess:
    """The parent's side: orders in, exit codes out, one command at a time."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def run(
        self, program: str, *arguments: str, cwd: Path, environment: Mapping[str, str]
    ) -> Answer:
        """Run a command in a child of its own; a child killed by signal N has exit code -N."""
        said = cwd / "stdout", cwd / "stderr"
        order = [program, arguments, str(cwd), dict(environment), [str(file) for file in said]]
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()
        code = self._process.stdout.readline()
        assert code, "the warm process has died"
        return Answer(int(code), *(file.read_text(encoding="utf-8") for file in said))


@contextlib.contextmanager
def keep_warm_process() -> Iterator[WarmProcess]:
    """Start a warm process, and end it in the end."""
    command = [sys.executable, __file__]
    paths = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, encoding="utf-8", env=paths
    ) as process:
        yield WarmProcess(process)
        process.stdin.close()


def serve() -> None:
    """The warm process's side: fork a child for each order, and tell how it ended."""
    _warm_up()
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            _become(*json.loads(line))
        _, status = os.waitpid(child, 0)
        sys.stdout.write(f"{os.waitstatus_to_exitcode(status)}\n")
        sys.stdout.flush()


def _warm_up() -> None:
    from PIL import Image

    import vidi

    for module in pkgutil.walk_packages(vidi.__path__, "vidi."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)
    for name in IN_PASSING:
        importlib.import_module(name)
    Image.init()
    assert threading.active_count() == 1
    gc.freeze()


def _become(program, arguments, cwd, environment, said) -> None:
    """Be a command that was just started; never returns."""
    signal.alarm(LONGEST_S)
    os.chdir(cwd)
    os.environ.clear()
    os.environ.update(environment)
    files = os.open(os.devnull, os.O_RDONLY), *(os.open(name, NEW) for name in said)
    for number, file in enumerate(files):
        os.dup2(file, number)
        os.close(file)
    sys.argv = [program, *arguments]
    from support.killing import steps
    from vidi.cli import main, main_run

    steps.count_steps()
    code = 0
    try:
        {"vidi": main, "vidi-run": main_run}[program]()
    except SystemExit as end:
        code = end.code or 0
    atexit._run_exitfuncs()
    sys.stdout.flush()
    os._exit(code)  # freeing a thousand modules would take longer than most commands


if __name__ == "__main__":
    serve()
