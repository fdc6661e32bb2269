"""The steps of a command, each with a name, and the one at which the process kills itself.

Loaded into a child (by the warm process, or by a `sitecustomize`), before the command begins.
Steps are: each line of the journal (before it, in the middle of it, without its line end, after
it), each fsync, rename, removal and truncation (before, after), each commit of an SQLite ledger
(before, after), each object that is put into a bucket, copied there or deleted (before, after),
each piece of a request that goes out and each piece of an answer that comes in (before, after).
Nothing in vidi knows of it. The death is a real SIGKILL.
"""

import asyncio.selector_events as sockets
import atexit
import itertools
import json
import os
import re
import signal
import sqlite3
from functools import partial, wraps
from pathlib import Path

REQUESTS = {
    "replicate upload": r"POST /replicate/v1/files",
    "replicate submit": r"POST /replicate/v1/(?:models/.+/|deployments/.+/)?predictions ",
    "replicate cancel": r"POST /replicate/v1/predictions/[^/ ]+/cancel",
    "replicate list": r"GET /replicate/v1/predictions[? ]",
    "replicate poll": r"GET /replicate/v1/predictions/",
    "replicate download": r"GET /replicate-delivery/",
    "fal cancel": r"PUT /fal-queue/.+/cancel",
    "fal submit": r"POST /fal-queue/",
    "fal watch": r"GET /fal-queue/.+/status/stream",
    "fal poll": r"GET /fal-queue/.+/status",
    "fal result": r"GET /fal-queue/.+/requests/",
    "fal upload": r"(?:POST|PUT) /fal-(?:rest|cdn)/",
    "fal download": r"GET /fal-cdn/",
    "fal prices": r"GET /fal-platform/v1/models/pricing",
    "fal list": r"GET /fal-(?:platform|rest)/",
}
"""What a request is, by its first line at a sandbox that serves all services on one port."""


class Steps:
    """Counts the steps by name, and dies at the `nth` of the one called `name` (of all, for "")."""

    def __init__(self, name: str, nth: int) -> None:
        self.taken: list[str] = []
        self._wanted = name
        self._left = itertools.count(nth - 1, -1)

    def take(self, name: str) -> None:
        self.taken.append(name)
        if self._wanted in {"", name} and next(self._left) == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    def around(self, holder, method, describe) -> None:
        """Make two steps of a call: before it and after it."""
        work = getattr(holder, method)

        @wraps(work)
        def stepping(*arguments, **options):
            what = describe(*arguments, **options)
            self.take(f"{what}, before")
            result = work(*arguments, **options)
            self.take(f"{what}, after")
            return result

        setattr(holder, method, stepping)


def count_steps() -> None:
    """Begin to count, as TEST_DIE_AT ("NTH NAME") says; TEST_TALLY gets the names at the end."""
    nth, _, name = os.environ.get("TEST_DIE_AT", "0 none").partition(" ")
    steps = Steps(name, int(nth))
    _watch_files(steps)
    _watch_sockets(steps)
    _watch_ledger(steps)
    if "AWS_ENDPOINT_URL" in os.environ:
        _watch_bucket(steps)
    if "TEST_TALLY" in os.environ:
        _tell_at_the_end(steps, Path(os.environ["TEST_TALLY"]))


def _tell_at_the_end(steps: Steps, tally: Path) -> None:
    """However the process ends by itself: a command leaves without taking Python apart."""
    leave = os._exit

    def tell() -> None:
        tally.write_text(json.dumps(steps.taken))

    def tell_and_leave(code: int) -> None:
        tell()
        leave(code)

    atexit.register(tell)
    os._exit = tell_and_leave


def _watch_files(steps: Steps) -> None:
    write = os.write

    def write_in_steps(file, data):
        lines = bytes(data).splitlines(keepends=True)
        events = [re.match(rb'\{"ts":.*?"event":"(\w+)"', line[:200]) for line in lines]
        if not events or None in events:
            return write(file, data)
        return sum(write_line(file, *pair) for pair in zip(lines, events, strict=True))

    def write_line(file, line, event):
        written = 0
        places = {"before": 0, "torn": len(line) // 2, "unended": len(line) - 1, "after": len(line)}
        for when, place in places.items():
            written += write(file, line[written:place])
            steps.take(f"append {event[1].decode()}, {when}")
        return written

    os.write = write_in_steps
    steps.around(os, "fsync", lambda file: f"sync {_describe_open(file)}")
    steps.around(os, "ftruncate", lambda file, _size: f"truncate {_describe_open(file)}")
    steps.around(os, "unlink", lambda path, **_: f"remove {_describe_path(path)}")
    for name in ("replace", "rename"):
        steps.around(os, name, lambda _source, target: f"rename to {_describe_path(target)}")


def _describe_open(file: int) -> str:
    found = Path(f"/proc/self/fd/{file}")
    return _describe_path(found.readlink()) if found.is_symlink() else "a file"


def _describe_path(path) -> str:
    path = Path(path)
    named = {"log.jsonl": "journal", "manifest.json": "manifest", "report.html": "report"}
    if path.name in named:
        return named[path.name]
    if path.is_dir():
        return "folder"
    return "unfinished file" if path.name.startswith(".vidi-tmp-") else "asset"


def _watch_sockets(steps: Steps) -> None:
    def describe_sent(transport, data) -> str:
        line = data if isinstance(data, bytes | bytearray | memoryview) else next(iter(data), b"")
        head = bytes(line[:500]).decode("latin-1")
        for name, pattern in REQUESTS.items():
            if re.match(pattern, head):
                transport.carries = name
                return f"{name} sent"
        return f"{getattr(transport, 'carries', 'unknown')} body sent"

    def describe_received(transport) -> str:
        return f"{getattr(transport, 'carries', 'unknown')} answered"

    wire = sockets._SelectorSocketTransport
    for name in ("write", "writelines"):
        steps.around(wire, name, describe_sent)
    steps.around(wire, "_read_ready", describe_received)


def _watch_bucket(steps: Steps) -> None:
    import obstore

    for name in ("put", "copy", "delete"):

        def describe(_store, path, to=None, *_, name=name, **__):
            path = to if name == "copy" else path
            return f"{name} {'lock' if path.endswith('.vidi/lock') else _describe_path(path)}"

        steps.around(obstore, name, describe)


def _watch_ledger(steps: Steps) -> None:
    change = re.compile(r"\s*(INSERT|UPDATE|DELETE|CREATE)\b.*?vidi_(\w+)", re.DOTALL)

    class Connection(sqlite3.Connection):
        """Knows by its first change what a transaction is about."""

        def __init__(self, *arguments, **options) -> None:
            super().__init__(*arguments, **options)
            self.about = "nothing"
            self.set_trace_callback(self._notice)

        def _notice(self, statement: str) -> None:
            found = change.match(statement)
            if found and self.about == "nothing":
                self.about = f"{found[1].lower()} {found[2]}"

        def commit(self) -> None:
            if self.about == "nothing":  # it only read
                super().commit()
                return
            steps.take(f"ledger {self.about}, before")
            super().commit()
            steps.take(f"ledger {self.about}, after")
            self.about = "nothing"

    sqlite3.connect = partial(sqlite3.connect, factory=Connection)
