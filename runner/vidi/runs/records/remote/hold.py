"""An output folder held for one run, and with it the prefix of the bucket that has its assets.

Two machines on one prefix would each buy what the other has bought, as neither has the other's
journal. So a run puts an object there that says who it is, on the condition that there is none, and
takes it away when the journal lies beside the assets: whoever comes next begins from that. A run
that was killed leaves it. Then only the folder that it ran from may go on, since nobody else knows
what it has bought.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import socket
from datetime import UTC, datetime
from pathlib import Path
from secrets import token_hex
from typing import TYPE_CHECKING

from vidi.errors import FolderLockedError, UsageError
from vidi.inference.bucket import MissingError, TakenError
from vidi.inference.outputs.keeping.folder import FolderStore
from vidi.inference.outputs.keeping.objects import ObjectStore
from vidi.inference.outputs.keeping.staging import PREFIX
from vidi.runs.records.atomic import replace_text
from vidi.runs.records.folder import JOURNAL, OWN, hold_folder
from vidi.runs.records.remote.address import (
    before_anything_is_sent,
    note_address,
    open_bucket,
    read_address,
)
from vidi.runs.records.remote.exchange import find_journal, put_records

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from vidi.inference.bucket import Bucket
    from vidi.inference.outputs.keeping.asset_store import AssetStore

LOCK = f"{OWN}/lock"
"""The object that says who holds a prefix."""
TOKEN = Path(OWN) / "token"
"""The file of an output folder that makes it another than any of the same name."""


@contextlib.contextmanager
def hold_output(folder: Path, address: str | None = None) -> Iterator[None]:
    """Hold an output folder, and where its assets are.

    Args:
        folder: The folder.
        address: The bucket and prefix of its assets, where it is made only now.

    Raises:
        FolderLockedError: Another run holds either; the message says which.
        UsageError: The folder or the bucket cannot be used, or the journal is not the one needed.
        StorageError: In the end the journal could not be put beside the assets.
    """
    with hold_folder(folder):
        if address is not None:
            note_address(folder, address)
        address = read_address(folder)
        if address is None:
            yield
            return
        bucket, token = open_bucket(address), _identify(folder)
        with before_anything_is_sent():
            _claim(bucket, token)
            _bring_journal(bucket, folder)
        try:
            yield
        finally:
            _let_go(bucket, folder, token)


def _let_go(bucket: Bucket, folder: Path, token: str) -> None:
    if _read_holder(bucket).get("token") != token:  # somebody has taken the lock away
        raise FolderLockedError(
            f"{bucket.address} is not held by this run any more, so its journal stays here",
            hint=f"What it bought is in {folder / JOURNAL}. Let nobody else run there; then give "
            "the same command again.",
        )
    put_records(bucket, folder)
    bucket.delete(LOCK)


def _bring_journal(bucket: Bucket, folder: Path) -> None:
    """Have the journal here that counts; also after a kill, as that may have come before this."""
    from tempfile import TemporaryDirectory

    with TemporaryDirectory(prefix=PREFIX, dir=folder / OWN) as scratch:
        try:
            found = find_journal(bucket, folder, Path(scratch))
        except UsageError:
            bucket.delete(LOCK)  # nothing can be done here, and others may
            raise
        if found != folder / JOURNAL:
            found.replace(folder / JOURNAL)


@contextlib.contextmanager
def look_at_output(folder: Path, address: str | None) -> Iterator[tuple[Path, AssetStore]]:
    """The journal and the assets for who only looks: nothing is written, neither here nor there.

    Raises:
        UsageError: The bucket cannot be used, or there are two histories.
    """
    if address is None:
        yield folder / JOURNAL, FolderStore(folder)
        return
    from tempfile import TemporaryDirectory

    with TemporaryDirectory(prefix="vidi-") as scratch, before_anything_is_sent():
        bucket = open_bucket(address)
        _refuse_fleets(bucket, _read_holder(bucket))
        journal = find_journal(bucket, folder, Path(scratch))
        store = ObjectStore(bucket, Path(scratch))
        store.list_once()
        yield journal, store


def note_fleet_at(address: str, journal: str, *, known: bool) -> None:
    """Note in a bucket that a fleet fills a prefix of it; the lock stays for as long as it does.

    Args:
        address: The bucket and prefix.
        journal: The name of the job in the fleet's database.
        known: Whether the database has that job from before.

    Raises:
        FolderLockedError: Another run holds it, or the fleet of another database.
        UsageError: It has the journal of runs of one machine, or it cannot be used.
    """
    bucket = open_bucket(address)
    with before_anything_is_sent():
        holder = {"fleet": journal, "since": datetime.now(UTC).isoformat(timespec="seconds")}
        try:
            _put_lock(bucket, holder)
        except TakenError as error:
            other = _read_holder(bucket)
            if known and other.get("fleet") == journal:
                return
            raise _describe_other(bucket, other) from error
        if not known and bucket.look(JOURNAL) is not None:
            bucket.delete(LOCK)
            raise UsageError(
                f"{bucket.address} has a journal of runs of one machine, of which a fleet knows "
                "nothing",
                hint="Give the fleet a prefix of its own with -o.",
            )


def _refuse_fleets(bucket: Bucket, holder: Mapping[str, object]) -> None:
    """Refuse a prefix whose journal is in a fleet's database: here nobody knows what was bought."""
    if "fleet" in holder:
        raise UsageError(
            f"{bucket.address} is filled by a fleet, in whose database it is what was bought",
            hint="Run it with --fleet, or name another prefix with -o.",
        )


def _claim(bucket: Bucket, token: str) -> None:
    """Put the lock there; one of the same folder is of a run of it that was killed.

    Raises:
        FolderLockedError: It is another's.
        UsageError: It is a fleet's.
    """
    holder = {
        "token": token,
        "pid": os.getpid(),
        "host": socket.gethostname(),
        "since": datetime.now(UTC).isoformat(timespec="seconds"),
    }
    try:
        _put_lock(bucket, holder)
    except TakenError as error:
        other = _read_holder(bucket)
        _refuse_fleets(bucket, other)
        if other.get("token") != token:
            raise _describe_other(bucket, other) from error


def _put_lock(bucket: Bucket, holder: Mapping[str, object]) -> None:
    """Put the lock where none is, and see that this is a condition there: by a second time.

    Raises:
        TakenError: One is there.
        UsageError: The service puts it all the same, as some that call themselves S3 do.
    """
    content = json.dumps(holder).encode()
    bucket.create(LOCK, content, {})
    try:
        bucket.create(LOCK, content, {})
    except TakenError:
        return
    bucket.delete(LOCK)
    raise UsageError(
        f"the service of {bucket.address} knows no conditional puts (If-None-Match), so that two "
        "runs there would not hear of each other",
        hint="Use one that does, as S3, Google Cloud Storage and Azure do, or a fleet's database.",
    )


def _describe_other(bucket: Bucket, other: Mapping[str, object]) -> FolderLockedError:
    who = f"process {other.get('pid')} on {other.get('host')}"
    if "fleet" in other:
        who = "the fleet of another database"
    return FolderLockedError(
        f"another run holds {bucket.address}: {who}, since {other.get('since')}",
        hint="Wait for it to end; if it was killed, run again where it ran. Where that "
        "folder or that machine is gone for good, so is the record of what it bought: delete "
        f"{bucket.address}/{LOCK} to go on from the run before.",
    )


def _read_holder(bucket: Bucket) -> dict[str, object]:
    try:
        found = json.loads(b"".join(bucket.read(LOCK)))
    except (MissingError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _identify(folder: Path) -> str:
    """What only this folder on this machine is called: a copy of it is another."""
    path = folder / TOKEN
    if not path.exists():
        replace_text(path, token_hex(16))
    token = path.read_text(encoding="utf-8").strip()
    place = f"{token}\n{socket.gethostname()}\n{folder.resolve()}"
    return hashlib.sha256(place.encode()).hexdigest()
