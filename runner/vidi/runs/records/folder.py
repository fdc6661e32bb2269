"""The output folder of a run: where it is, what it may hold, and who holds it."""

from __future__ import annotations

import contextlib
import errno
import json
import os
import socket
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, TypedDict

from vidi.errors import FolderLockedError, JobFileError, Place, UsageError
from vidi.file_kinds import check_regular
from vidi.inference.outputs.keeping.staging import remove_leftovers
from vidi.inference.tracking.journal.journal import read_events
from vidi.jobs.mistakes import MistakeError
from vidi.runs.records.destination import home_of, locate_address

if TYPE_CHECKING:
    from collections.abc import Iterator

    from filelock import FileLock

    from vidi.inference.tracking.journal.event_types import Event
    from vidi.jobs.job import Job

JOURNAL = "log.jsonl"
MANIFEST = "manifest.json"
REPORT_NAME = "report.html"
OWN = ".vidi"
"""The folder inside the output folder that is vidi's own."""
LOCK = "lock"
HOLDER = "holder.json"
FLEET = "fleet"
"""In that folder, where a fleet fills the output folder: the name of the job in its database."""
LONGEST_LAST_LINE = 1 << 16
"""Bytes in which the line begins that ends a journal."""


class Holder(TypedDict, total=False):
    """What the run that holds a folder notes about itself."""

    pid: int
    host: str
    since: str
    held: bool
    journal_bytes: int


def locate_folder(job: Job, project: Path, *, given: Path | None, sandbox: bool) -> Path:
    """Where a job's assets go; a sandbox run never shares a folder with a real one.

    Raises:
        JobFileError: The job file names a folder outside of the project.
    """
    if (address := locate_address(job, given=given, sandbox=sandbox)) is not None:
        return _refuse_impossible(project / home_of(address))
    if given is not None:
        return _refuse_impossible(project / given)
    if sandbox:
        name = Path("outputs") / "sandbox" / job.name
    else:
        name = job.output_dir or Path("outputs") / job.name
    try:
        return _refuse_impossible(job.files.locate(str(name)))
    except MistakeError as mistake:
        mistake.hint = "Name a folder in the project, use -o, or allow it with --allow-outside."
        raise JobFileError([job.locate(mistake, "output_dir")]) from mistake


def _refuse_impossible(folder: Path) -> Path:
    """Refuse a folder that no file system can have, before anything is looked for in it."""
    try:
        folder.lstat()
    except (OSError, ValueError) as error:
        if getattr(error, "errno", None) in {errno.ENAMETOOLONG, errno.ELOOP, None}:
            reason = getattr(error, "strerror", None) or str(error)
            raise UsageError(
                f"cannot use {str(folder)[:100]}…: {reason}", hint="Name another folder with -o."
            ) from error
    return folder


def lock_of(folder: Path) -> Path:
    """The file by whose lock a folder is held."""
    return folder / OWN / LOCK


def read_noted_length(folder: Path) -> int:
    """Bytes that a folder's journal had after its last run; 0 where nobody has noted them."""
    return _read_holder(folder / OWN).get("journal_bytes", 0)


def find_run_folders(root: Path) -> list[Path]:
    """The output folders at or below a folder, in the order of their names.

    What is below an output folder is its assets: nothing is looked for there, nor in hidden ones.
    """
    found = []
    for here, below, files in os.walk(root):
        if JOURNAL in files:
            found.append(Path(here))
            below.clear()
        else:
            below[:] = sorted(each for each in below if not each.startswith("."))
    return found


def check_kind(folder: Path, header: Event | None, *, sandbox: bool) -> None:
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


def refuse_fleets(folder: Path) -> None:
    """Refuse a folder whose journal is in a fleet's database: here nobody knows what was bought.

    Raises:
        UsageError: It is such a folder.
    """
    if (folder / OWN / FLEET).exists() and not (folder / JOURNAL).exists():
        raise UsageError(
            f"{folder} is filled by a fleet, in whose database it is what was bought",
            hint="Run it with --fleet, or bring its journal here first: `vidi export`.",
        )


def refuse_machines(folder: Path) -> None:
    """Refuse a folder that has the journal of runs of one machine.

    One that was exported there is the fleet's own, until a run here goes on with it.

    Raises:
        UsageError: It has one.
    """
    if (folder / JOURNAL).exists() and not is_export(folder):
        raise UsageError(
            f"{folder} has a journal of runs of one machine, of which a fleet knows nothing",
            hint="Give the fleet a folder of its own with -o.",
        )


def is_export(folder: Path) -> bool:
    """Whether the journal of a folder is as `vidi export` has written it."""
    try:
        noted = (folder / OWN / FLEET).read_text(encoding="utf-8").splitlines()
        return noted[1:] == [str((folder / JOURNAL).stat().st_size)]
    except (OSError, ValueError):
        return False


def note_export(folder: Path, journal: str) -> None:
    """Note that the journal of a folder is a fleet's, as it is now.

    Raises:
        OSError: It cannot be written.
    """
    (folder / OWN).mkdir(parents=True, exist_ok=True)
    size = (folder / JOURNAL).stat().st_size
    (folder / OWN / FLEET).write_text(f"{journal}\n{size}\n", encoding="utf-8")


def note_fleet(folder: Path, journal: str) -> None:
    """Note in a folder that a fleet fills it.

    Raises:
        UsageError: It cannot be written.
    """
    try:
        if (folder / JOURNAL).exists():  # an export, and noted as one
            return
        (folder / OWN).mkdir(parents=True, exist_ok=True)
        (folder / OWN / FLEET).write_text(f"{journal}\n", encoding="utf-8")
    except OSError as error:
        raise UsageError(
            f"cannot use {folder}: {error.strerror}", hint="Name another one with -o."
        ) from error


@contextlib.contextmanager
def hold_folder(folder: Path) -> Iterator[None]:
    """Hold a folder for one run; the lock is the system's, so it dies with the process.

    How long the journal was is noted when the folder is let go, so that a journal that has lost
    its last lines since is not believed. What a run left half written that was killed is removed.

    Raises:
        FolderLockedError: Another run holds it; the message says which.
        UsageError: The folder cannot be made, or its journal is shorter than it was.
    """
    own = folder / OWN
    lock = _lock(folder, own)
    try:
        before = _read_holder(own)
        length = before.get("journal_bytes", 0)
        _check_length(folder / JOURNAL, length)
        # A note that cannot be read is one that a kill cut off.
        if before.get("held", (own / HOLDER).exists()):
            with contextlib.suppress(OSError):
                remove_leftovers(folder, OWN)
        _sign(own, length, held=True)
        yield
        _sign(own, _measure(folder / JOURNAL) or length, held=False)
    finally:
        lock.release()


def _lock(folder: Path, own: Path) -> FileLock:
    from filelock import FileLock, Timeout

    try:
        own.mkdir(parents=True, exist_ok=True)
        lock = FileLock(own / LOCK, timeout=0)
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
    return lock


def _check_length(journal: Path, length: int) -> None:
    """Refuse a journal that has lost lines at its end; a torn last line is no loss."""
    if not length or (journal.is_file() and journal.stat().st_size >= length):
        return
    content = journal.read_bytes() if journal.is_file() else b""
    for _ in read_events(journal):
        pass  # where a line in the middle is damaged too, that is the better place to name
    raise UsageError(
        f"the end of this journal is missing: it has {len(content)} bytes, and had over "
        f"{length} after the last run, so what was bought cannot be known",
        place=Place(str(journal), content.count(b"\n") + 1, 1),
        hint=f"Restore the file from a backup, or see what is whole with `vidi doctor "
        f"{journal.parent}`. To go on from what is left, delete "
        f"{journal.parent / OWN / HOLDER}: what is missing would then be bought again.",
    )


def _measure(journal: Path) -> int:
    """Bytes of a journal up to its last line, which says that a run ended; 0 where it is not whole.

    A last line that is torn is dropped wherever it happened, so it does not count.
    """
    try:
        check_regular(journal)
        with journal.open("rb") as file:
            size = file.seek(0, os.SEEK_END)
            start = file.seek(max(0, size - LONGEST_LAST_LINE))
            end = file.read()
    except OSError:
        return 0
    return start + end.rfind(b"\n", 0, -1) + 1 if end.endswith(b"\n") else 0


def _sign(own: Path, length: int, *, held: bool) -> None:
    """Note who holds the folder, for another run's message, and how long its journal is."""
    holder = {
        "pid": os.getpid(),
        "host": socket.gethostname(),
        "since": datetime.now(UTC).isoformat(timespec="seconds"),
        "held": held,
        "journal_bytes": length,
    }
    with contextlib.suppress(OSError):
        (own / HOLDER).write_text(json.dumps(holder), encoding="utf-8")


def _read_holder(own: Path) -> Holder:
    """What the last holder noted; nothing where that cannot be read."""
    try:
        holder = json.loads((own / HOLDER).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    noted = isinstance(holder, dict) and type(holder.get("journal_bytes", 0)) is int
    return holder if noted else {}


def _describe_holder(own: Path) -> str:
    holder = _read_holder(own)
    if not holder.keys() >= {"pid", "host", "since"}:
        return ""
    return f": process {holder['pid']} on {holder['host']}, since {holder['since']}"
