"""How fast vidi starts and ends: beside click alone, and around what is paid for."""

from __future__ import annotations

import socket
import tempfile
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

import process
from figure import Figure
from overhead import write_job
from served import serve

if TYPE_CHECKING:
    from collections.abc import Iterator

ROUNDS = {"smallest": 1, "ordinary": 15, "full": 21}
REFUSAL = b'{"detail": "no"}'
ANSWER = b"HTTP/1.1 422 No\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%b"


def measure(size: str) -> Iterator[Figure]:
    """From exec to words, to the first paid request, and from the last asset to the exit."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        version, click = process.compare_cpu(
            [process.PROGRAM, "--version"], [process.PYTHON, "-c", "import click"],
            folder, ROUNDS[size],
        )  # fmt: skip
        yield Figure("start: `--version`", version, "s CPU", "`import click`", click, 1.4)
        rounds = range(ROUNDS[size])
        yield Figure(
            "exec to the first POST", min(_until_post(folder) for _ in rounds), "s CPU", target=0.45
        )
    rounds = range(max(1, ROUNDS[size] // 3))
    yield Figure(
        "last asset to exit", min(_after_the_asset() for _ in rounds), "s CPU", target=0.05
    )


def _until_post(folder: Path) -> float:
    """CPU of a run when its first POST arrives; it is refused, so that nothing follows."""
    write_job(folder, "fal", 1)
    listener = socket.create_server(("127.0.0.1", 0))
    url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    names = ("QUEUE", "REST", "CDN", "PLATFORM", "SITE")
    environment = {f"VIDI_FAL_{name}_URL": url for name in names}
    environment |= {"FAL_KEY": "key", "VIDI_LEDGER": str(folder / "ledger.sqlite3")}
    began, seen = time.perf_counter(), []
    running = process.start([process.PROGRAM, "job.yaml", "-q"], folder, environment)

    def serve_one(connection: socket.socket) -> None:
        with connection:
            while request := connection.recv(65536):
                if request.startswith(b"POST") and not seen:
                    seen.append(process.read_cpu(running.pid))
                connection.sendall(ANSWER % (len(REFUSAL), REFUSAL))

    def accept() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=serve_one, args=(connection,), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    process.finish(running, began, codes=(1,))
    listener.close()
    return seen[0]


def _after_the_asset() -> float:
    """CPU of a run of one inference from its asset's record to its end, report included."""
    with serve(0.5) as served, tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_job(folder, "fal", 1)
        environment = {**served.environment, "VIDI_LEDGER": str(folder / "ledger.sqlite3")}
        began = time.perf_counter()
        running = process.start([process.PROGRAM, "job.yaml", "-q"], folder, environment)
        log = folder / "outputs/job/log.jsonl"
        while not (log.exists() and b'"event":"asset"' in log.read_bytes()):
            time.sleep(0.001)
        before = process.read_cpu(running.pid)
        return process.finish(running, began).cpu_s - before
