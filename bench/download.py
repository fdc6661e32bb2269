"""Downloads beside curl: the same file from the same local server, by turns.

Ours hashes, checks and fsyncs the file; curl is given the fsync too. TMPDIR on a memory file system
(/dev/shm) leaves the disk out of both.
"""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Self

from figure import Figure

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vidi.inference.outputs.fetching.download import Fetcher

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "runner"))

SETTINGS = {"smallest": (1, 1), "ordinary": (512, 3), "full": (1024, 3)}
"""MiB of the file, and rounds."""

SERVER = """
import os, socket, sys, threading
path = sys.argv[1]
listener = socket.create_server(("127.0.0.1", 0))
print(listener.getsockname()[1], flush=True)

def answer(connection):
    with connection, open(path, "rb") as file:
        connection.recv(65536)
        size = os.fstat(file.fileno()).st_size
        connection.sendall(
            b"HTTP/1.1 200 OK\\r\\nContent-Length: %d\\r\\nConnection: close\\r\\n\\r\\n" % size
        )
        connection.sendfile(file)

while True:
    threading.Thread(target=answer, args=(listener.accept()[0],), daemon=True).start()
"""


def write_wav(path: Path, mib: int) -> None:
    """A WAV file of that size: what is inside does not matter to the wire."""
    size = mib * 1024 * 1024
    block = os.urandom(1024 * 1024)
    with path.open("wb") as file:
        file.write(b"RIFF" + (size - 8).to_bytes(4, "little") + b"WAVEfmt ")
        file.write(b"\x10\0\0\0\x01\0\x02\0\x44\xac\0\0\x10\xb1\x02\0\x04\0\x10\0data")
        file.write((size - 44).to_bytes(4, "little"))
        left = size - 44
        while left:
            left -= file.write(block[:left])


def resident_mib() -> float:
    """The process's memory now."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1024**2


class Peak:
    """The highest memory while it is watched."""

    def __enter__(self) -> Self:
        self.mib, self._stop = resident_mib(), threading.Event()
        self._thread = threading.Thread(target=self._watch)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._stop.wait(0.01):
            self.mib = max(self.mib, resident_mib())


def fetch_with_curl(url: str, target: Path) -> tuple[float, float]:
    """Seconds that curl needs, without and with an fsync after it."""
    target.unlink(missing_ok=True)
    start = time.perf_counter()
    subprocess.run(["curl", "-sS", "--noproxy", "*", "-o", str(target), url], check=True)
    written = time.perf_counter() - start
    with target.open("rb") as file:
        os.fsync(file.fileno())
    return written, time.perf_counter() - start


async def fetch_with_vidi(fetcher: Fetcher, url: str, folder: Path) -> float:
    """Seconds that we need."""
    from vidi.inference.models.template import OutputType
    from vidi.inference.outputs.finding.find import RemoteFile
    from vidi.inference.outputs.keeping.folder import FolderStore

    (folder / "ours.wav").unlink(missing_ok=True)
    start = time.perf_counter()
    await fetcher.fetch(
        RemoteFile(url, "x.wav"), FolderStore(folder), "ours.wav", kind=OutputType.AUDIO
    )
    return time.perf_counter() - start


async def compare(url: str, folder: Path, rounds: int) -> tuple[float, float, float]:
    """Take turns; the best seconds of curl and of ours, and MiB over the idle process."""
    import av  # noqa: F401  idle is a process that has its libraries
    import httpx  # noqa: F401

    import vidi.inference.outputs.fetching.wire  # noqa: F401
    from vidi.inference.outputs.fetching.download import Fetcher
    from vidi.inference.settings import Settings

    fetcher = Fetcher(Settings(urls={**Settings().urls, "VIDI_FAL_CDN_URL": "http://127.0.0.1"}))
    idle = resident_mib()
    curl, ours = [], []
    with Peak() as peak:
        for _ in range(rounds):
            curl.append(await asyncio.to_thread(fetch_with_curl, url, folder / "curl.wav"))
            ours.append(await fetch_with_vidi(fetcher, url, folder))
    await fetcher.aclose()
    return min(synced for _, synced in curl), min(ours), peak.mib - idle


def measure(size: str) -> Iterator[Figure]:
    """Make the file, serve it, compare."""
    mib, rounds = SETTINGS[size]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_wav(folder / "big.wav", mib)
        server = subprocess.Popen(
            [sys.executable, "-c", SERVER, str(folder / "big.wav")],
            stdout=subprocess.PIPE,
            text=True,
        )
        try:
            url = f"http://127.0.0.1:{int(server.stdout.readline())}/big.wav"
            curl_s, ours_s, over_mib = asyncio.run(compare(url, folder, rounds))
        finally:
            server.terminate()
            server.wait()
    yield Figure(f"download of {mib:,} MiB, checked", mib / ours_s, "MiB/s",
                 "curl and an fsync", mib / curl_s, 0.8, at_least=True)  # fmt: skip
    yield Figure("memory of a download over idle", over_mib, "MiB", target=40)
