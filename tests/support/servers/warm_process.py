"""A warm process that forks a child for each command: all of a start but the imports.

The warm process has imported all that the commands need, and nothing else: no thread, event loop or
database is open in it. A child of it is a process of its own, with its own folder, environment and
files, that goes through the installed command's entry point, or runs the source that it is given,
and ends as any process does, by SIGKILL too. All workers of a test run share one. It ends when its
address is gone, or when nobody has asked for a while.
"""

import atexit
import contextlib
import fcntl
import gc
import importlib
import json
import os
import pkgutil
import select
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Self, TextIO

LONGEST_S = 60
"""Most commands take no longer; one that does is killed."""
IDLE_S = 120
"""After so long without an order, a warm process ends."""
IN_PASSING = (
    *("replicate.resources", "certifi", "gzip", "encodings.utf_8_sig", "idna"),
    *("psycopg", "sqlalchemy.dialects.postgresql.psycopg"),
)
"""What the libraries import only when they are used."""
REHEARSED = """\
version: 1
budget: 1
inferences:
  - id: a
    model: replicate/black-forest-labs/flux-schnell
    params: {prompt: a tree}
    output: a.webp
  - id: b
    model: fal/fal-ai/flux/schnell
    params: {prompt: a house}
    output: b.png
"""
ADDRESS = "TEST_WARM_PROCESS"
"""The setting with the address of the one that is shared."""


class Started:
    """A command in a child of the warm process, told of as `subprocess.Popen` tells of its own."""

    def __init__(self, line: socket.socket, stdout: TextIO | None, stderr: TextIO | None) -> None:
        self._line = line
        self._told = line.makefile()
        self.stdout = stdout
        self.stderr = stderr
        self.pid = int(self._told.readline())
        self.returncode: int | None = None
        """Its exit code; -N where signal N ended it; None as long as it lives."""

    def send_signal(self, number: int) -> None:
        if self.poll() is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)

    def poll(self) -> int | None:
        if self.returncode is None and select.select([self._line], [], [], 0)[0]:
            self._hear()
        return self.returncode

    def wait(self, timeout: float = LONGEST_S) -> int:
        if self.returncode is None:
            if not select.select([self._line], [], [], timeout)[0]:
                raise subprocess.TimeoutExpired("the command", timeout)
            self._hear()
        return self.returncode

    def communicate(self, timeout: float = LONGEST_S) -> tuple[str | None, str | None]:
        """Read what it says to its end; only one of its streams is read, or both say little."""
        said = [stream and stream.read() for stream in (self.stdout, self.stderr)]
        self.wait(timeout)
        self.close()
        return tuple(said)

    def close(self) -> None:
        for stream in (self.stdout, self.stderr):
            if stream is not None:
                stream.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.wait()
        self.close()

    def _hear(self) -> None:
        code = self._told.readline()
        assert code, "the warm process has died"
        self.returncode = int(code)
        self._told.close()
        self._line.close()


def write_command(path: Path, program: str) -> None:
    """Write an executable that a shell may call as the installed program, without its imports."""
    _ask().close()  # else nobody may be there when it is called
    client = Path(__file__).with_name("warm_client.py")
    call = f'{sys.executable} -IS {client} {_find_address()} {program} "$@"'
    path.write_text(f"#!/bin/sh\nexec {call}\n")
    path.chmod(0o755)


def start_warm(
    program: str,
    *arguments: str,
    cwd: Path,
    env: Mapping[str, str],
    stdin: int = subprocess.DEVNULL,
    stdout: int = subprocess.DEVNULL,
    stderr: int = subprocess.DEVNULL,
    start_new_session: bool = False,
    longest_s: float = LONGEST_S,
) -> Started:
    """Start a command in a child of its own; its streams are as `subprocess.Popen` has them."""
    with contextlib.ExitStack() as given:
        nothing = os.open(os.devnull, os.O_RDWR)
        given.callback(os.close, nothing)
        files, ours = [nothing if stdin == subprocess.DEVNULL else stdin], []
        for stream in (stdout, stderr):
            read = None
            if stream == subprocess.PIPE:
                read, stream = os.pipe()
                given.callback(os.close, stream)
            files.append(nothing if stream == subprocess.DEVNULL else stream)
            ours.append(None if read is None else os.fdopen(read, encoding="utf-8"))
        order = [program, arguments, str(cwd), dict(env), start_new_session, longest_s]
        written = json.dumps(order).encode()
        line = _ask()
        socket.send_fds(line, [struct.pack(">I", len(written))], files)
        line.sendall(written)
        return Started(line, *ours)


def run_warm(
    program: str, *arguments: str, cwd: Path, env: Mapping[str, str], longest_s: float = LONGEST_S
) -> tuple[int, str, str]:
    """Run a command in a child of its own; its exit code (-N by signal N), stdout and stderr."""
    with tempfile.TemporaryFile() as stdout, tempfile.TemporaryFile() as stderr:
        files = {"stdout": stdout.fileno(), "stderr": stderr.fileno()}
        run = start_warm(program, *arguments, cwd=cwd, env=env, longest_s=longest_s, **files)
        code = run.wait(longest_s + LONGEST_S)
        said = []
        for file in (stdout, stderr):
            file.seek(0)
            said.append(file.read().decode("utf-8"))
    return code, *said


def _ask() -> socket.socket:
    address = _find_address()
    line = socket.socket(socket.AF_UNIX)
    try:
        line.connect(address)
    except OSError:  # not started yet, or gone meanwhile
        paths = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
        command = [sys.executable, "-P", "-m", "support.servers.warm_process", address]
        subprocess.run(command, env=paths, check=True)
        line.connect(address)
    return line


@cache
def _find_address() -> str:
    """Of the one that all workers share, else of one's own; a path short enough for a socket."""
    shared = os.environ.get(ADDRESS)
    return shared or str(Path(tempfile.mkdtemp(prefix="vidi-warm-")) / "orders")


def serve(address: str) -> None:
    """Listen, and let whoever started it go on; then fork a child for each order."""
    listening = socket.socket(socket.AF_UNIX)
    with Path(f"{address}.lock").open("w") as lock:  # several workers may start it at once
        fcntl.flock(lock, fcntl.LOCK_EX)
        with socket.socket(socket.AF_UNIX) as other, contextlib.suppress(OSError):
            other.connect(address)
            return
        Path(address).unlink(missing_ok=True)
        listening.bind(address)
        listening.listen(64)
        if os.fork():
            os._exit(0)
    os.setsid()
    _warm_up()
    _leave_streams()
    _rehearse()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for the keepers
    listening.settimeout(1)
    asked = time.monotonic()
    while Path(address).exists() and time.monotonic() - asked < IDLE_S:
        with contextlib.suppress(TimeoutError):
            line, _ = listening.accept()
            if os.fork() == 0:
                listening.close()
                _keep(line)
            line.close()
            asked = time.monotonic()
    Path(address).unlink(missing_ok=True)


def _leave_streams() -> None:
    """Let go of the streams of whoever started it: else their readers would wait for its end."""
    nowhere = os.open(os.devnull, os.O_RDWR)
    for number in range(3):
        os.dup2(nowhere, number)


def _warm_up() -> None:
    from PIL import Image

    import vidi

    for module in pkgutil.walk_packages(vidi.__path__, "vidi."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)
    for name in IN_PASSING:
        importlib.import_module(name)
    Image.init()


def _rehearse() -> None:
    """Carry a job out once: validators, patterns and class checks are made for all children then.

    A child's own start took 0.36 s of CPU without, and takes 0.16 s.
    """
    from vidi.cli.boundary import run_guarded
    from vidi.cli.commands.jobs.run import run

    known, here, words = dict(os.environ), Path.cwd(), sys.argv
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        os.environ["VIDI_LEDGER"] = f"{folder}/ledger.sqlite3"
        Path("job.yaml").write_text(REHEARSED)
        sys.argv = ["vidi-run", "job.yaml", "--sandbox", "-q"]
        assert run_guarded(run, "vidi-run") == 0
        os.chdir(here)
    sys.argv = words
    os.environ.clear()
    os.environ.update(known)
    assert threading.active_count() == 1
    gc.collect()
    gc.freeze()


def _keep(line: socket.socket) -> None:
    """Have an order carried out, and tell how it ended; never returns."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    line.settimeout(LONGEST_S)
    size, files, _, _ = socket.recv_fds(line, 4, 3)
    if not size:  # it was only asked whether anybody is there
        os._exit(0)
    *order, session, longest_s = json.loads(line.makefile("rb").read(struct.unpack(">I", size)[0]))
    child = os.fork()
    if child == 0:
        line.close()
        if session:
            os.setsid()
        _become(*order, files)
    line.sendall(f"{child}\n".encode())
    for file in files:
        os.close(file)
    signal.signal(signal.SIGALRM, lambda *_: os.kill(child, signal.SIGKILL))
    signal.setitimer(signal.ITIMER_REAL, longest_s)
    _, status = os.waitpid(child, 0)
    with contextlib.suppress(OSError):
        line.sendall(f"{os.waitstatus_to_exitcode(status)}\n".encode())
    os._exit(0)


def _become(program, arguments, cwd, environment, files) -> None:
    """Be a command that was just started; never returns."""
    os.chdir(cwd)
    os.environ.clear()
    os.environ.update(environment)
    for number, file in enumerate(files):
        os.dup2(file, number)
        os.close(file)
    _open_streams()
    sys.argv = [program, *arguments]
    from vidi.cli import main, main_run

    if "TEST_DIE_AT" in environment:
        from support.killing import steps

        steps.count_steps()
    if "TEST_PRESS_AT" in environment:
        from support.killing import pressing

        pressing.wait_for_the_moment()
    code = 0
    try:
        {"vidi": main, "vidi-run": main_run, "python": _run_source}[program]()
    except SystemExit as end:
        code = end.code or 0
    atexit._run_exitfuncs()
    sys.stdout.flush()
    os._exit(code)  # freeing a thousand modules would take longer than most commands


def _run_source() -> None:
    """As `python -c SOURCE WORDS` does."""
    source = sys.argv.pop(1)
    exec(compile(source, "<source>", "exec"), {"__name__": "__main__"})


def _open_streams() -> None:
    """As an interpreter opens them when it starts: what they are now was another file's."""
    lines = 1 if os.isatty(1) else -1
    told = {"encoding": "utf-8", "closefd": False}
    sys.stdin = sys.__stdin__ = os.fdopen(0, **told)
    sys.stdout = sys.__stdout__ = os.fdopen(1, "w", lines, **told)
    sys.stderr = sys.__stderr__ = os.fdopen(2, "w", 1, errors="backslashreplace", **told)


if __name__ == "__main__":
    serve(sys.argv[1])
