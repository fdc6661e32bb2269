"""The output folder of a run: where it is, what it may hold, and who holds it."""

from __future__ import annotations

import contextlib
import json
import os
import socket
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from filelock import FileLock, Timeout

from vidi.errors import FolderLockedError, UsageError
from vidi.inference.tracking.journal import read_events

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from vidi.jobs.job import Job

JOURNAL = "log.jsonl"
MANIFEST = "manifest.json"
OWN = ".vidi"
"""The folder inside the output folder that is vidi's own."""


def locate_folder(job: Job, project: Path, *, given: Path | None, sandbox: bool) -> Path:
    """Where a job's assets go; a sandbox run never shares a folder with a real one."""
    if given is not None:
        return project / given
    if sandbox:
        return project / "outputs" / "sandbox" / job.name
    return project / (job.output_dir or Path("outputs") / job.name)


def check_kind(folder: Path, header: Mapping[str, Any] | None, *, sandbox: bool) -> None:
    """Refuse to mix sandbox assets with real ones.

    Raises:
        UsageError: The folder was made by the other kind of run.
    """
    if header is None or bool(header.get("sandbox")) == sandbox:
        return
    made, now = ("sandbox", "real") if not sandbox else ("real", "sandbox")
    raise UsageError(
        f"{folder} holds the assets of a {made} run, and this is a {now} one",
        hint="Name another folder with -o.",
    )


@contextlib.contextmanager
def hold_folder(folder: Path) -> Iterator[None]:
    """Hold a folder for one run; the lock is the system's, so it dies with the process.

    Raises:
        FolderLockedError: Another run holds it; the message says which.
        UsageError: The folder cannot be made.
    """
    own = folder / OWN
    try:
        own.mkdir(parents=True, exist_ok=True)
        lock = FileLock(own / "lock", timeout=0)
        lock.acquire()
    except Timeout as error:
        raise FolderLockedError(
            f"another run holds {folder}{_describe_holder(own)}",
            hint="Wait for it to end, or give this run a folder of its own with -o.",
        ) from error
    except OSError as error:
        raise UsageError(
            f"cannot use {folder}: {error.strerror}",
            hint="Make it a writable folder, or name another one with -o.",
        ) from error
    try:
        _sign(own)
        yield
    finally:
        lock.release()


def read_header(folder: Path) -> Mapping[str, Any] | None:
    """The first event of a folder's journal; None where there is none."""
    for event, _ in read_events(folder / JOURNAL):
        return event
    return None


def _sign(own: Path) -> None:
    holder = {
        "pid": os.getpid(),
        "host": socket.gethostname(),
        "since": datetime.now(UTC).isoformat(timespec="seconds"),
    }
    with contextlib.suppress(OSError):  # only for the words of another run's message
        (own / "holder.json").write_text(json.dumps(holder), encoding="utf-8")


def _describe_holder(own: Path) -> str:
    try:
        holder = json.loads((own / "holder.json").read_text(encoding="utf-8"))
        return f": process {holder['pid']} on {holder['host']}, since {holder['since']}"
    except (OSError, ValueError, KeyError, TypeError):
        return ""
