"""A PostgreSQL server of one's own: Debian's binaries, a temporary folder, a free port."""

import contextlib
import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

NOBODY = "nobody"
SKIPPED = "PostgreSQL is not installed: apt-get install --no-install-recommends postgresql"


def find_binaries() -> Path | None:
    """The folder of initdb and pg_ctl; None where PostgreSQL is not installed."""
    named = shutil.which("initdb")
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    return Path(named).parent if named else found[-1].parent if found else None


@dataclass(frozen=True)
class Server:
    """A server that may crash."""

    url: str
    run: Callable[..., None]
    """Runs one of PostgreSQL's programs as the server's user."""
    data: str
    start: Callable[[], None]

    def crash(self) -> None:
        """Stop at once, as a crash does, and start again."""
        self.run("pg_ctl", "-D", self.data, "-m", "immediate", "-w", "stop")
        self.start()


@contextlib.contextmanager
def serve_postgres(binaries: Path) -> Iterator[str]:
    """Run a server; yields the URL of its first database."""
    with run_postgres(binaries) as server:
        yield server.url


@contextlib.contextmanager
def run_postgres(binaries: Path) -> Iterator[Server]:
    """Run a server."""
    folder = Path(tempfile.mkdtemp(prefix="vidi-postgres-"))
    data = folder / "data"
    root = os.geteuid() == 0  # the server refuses to be root
    if root:
        shutil.chown(folder, NOBODY)

    def run(program: str, *arguments: str) -> None:
        user = ["setpriv", f"--reuid={NOBODY}", "--clear-groups"] if root else []
        subprocess.run(
            [*user, binaries / program, *arguments], check=True, capture_output=True, cwd=folder
        )

    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    try:
        run("initdb", "-D", str(data), "-U", "vidi", "-A", "trust", "-E", "UTF8", "--no-sync")
        options = f"-c port={port} -c listen_addresses=127.0.0.1 -c fsync=off"
        options += " -c unix_socket_directories='' -c max_connections=60"
        log = str(folder / "log")

        def start() -> None:
            run("pg_ctl", "-D", str(data), "-l", log, "-w", "-o", options, "start")

        start()
        try:
            url = f"postgresql://vidi@127.0.0.1:{port}/postgres"
            yield Server(url, run, str(data), start)
        finally:
            run("pg_ctl", "-D", str(data), "-m", "immediate", "stop")
    finally:
        shutil.rmtree(folder, ignore_errors=True)
