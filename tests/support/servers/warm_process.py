"""A warm process that forks a child for each command: all of a start but the imports.

The warm process has imported all that the commands need, and nothing else: no thread, event loop or
database is open in it. A child of it is a process of its own, with its own folder, environment and
files, that goes through the installed command's entry point and ends as any process does, by
SIGKILL too. All workers of a test run share one. It ends when its address is gone, or when nobody
has asked for a while.
"""

import atexit
import contextlib
import fcntl
import gc
import importlib
import json
import os
import pkgutil
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

LONGEST_S = 60
"""Most commands take no longer; one that does is killed."""
IDLE_S = 120
"""After so long without an order, a warm process ends."""
IN_PASSING = ("replicate.resources", "certifi", "gzip", "encodings.utf_8_sig", "idna")
"""What the libraries import only when they are used."""
ADDRESS = "TEST_WARM_PROCESS"
"""The setting with the address of the one that is shared."""


def run_warm(
    program: str,
    *arguments: str,
    cwd: Path,
    environment: Mapping[str, str],
    longest_s: float = LONGEST_S,
) -> tuple[int, str, str]:
    """Run a command in a child of its own; its exit code (-N by signal N), stdout and stderr."""
    with _ask() as line, tempfile.TemporaryFile() as stdout, tempfile.TemporaryFile() as stderr:
        order = json.dumps([program, arguments, str(cwd), dict(environment), longest_s]).encode()
        files = [stdout.fileno(), stderr.fileno()]
        socket.send_fds(line, [struct.pack(">I", len(order))], files)
        line.sendall(order)
        code = line.makefile().readline()
        assert code, "the warm process has died"
        said = []
        for file in (stdout, stderr):
            file.seek(0)
            said.append(file.read().decode("utf-8"))
    return int(code), *said


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
    assert threading.active_count() == 1
    gc.freeze()


def _keep(line: socket.socket) -> None:
    """Have an order carried out, and tell how it ended; never returns."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    line.settimeout(LONGEST_S)
    size, files, _, _ = socket.recv_fds(line, 4, 2)
    *order, longest_s = json.loads(line.makefile("rb").read(struct.unpack(">I", size)[0]))
    child = os.fork()
    if child == 0:
        line.close()
        _become(*order, files)
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
    nothing = os.open(os.devnull, os.O_RDONLY)
    for number, file in enumerate((nothing, *files)):
        os.dup2(file, number)
        os.close(file)
    sys.argv = [program, *arguments]
    from vidi.cli import main, main_run

    if "TEST_DIE_AT" in environment:
        from support.killing import steps

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
    serve(sys.argv[1])
