"""Where a job's assets go: a folder, or a prefix of a bucket, as a job file and -o name both."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from vidi.errors import UsageError
from vidi.inference.bucket import SCHEMES

if TYPE_CHECKING:
    from vidi.jobs.job import Job


def locate_address(job: Job, *, given: Path | None, sandbox: bool) -> str | None:
    """The bucket and prefix in which a job's assets go; None of a folder.

    What the sandbox makes goes there only where the command line says so.

    Raises:
        UsageError: It is no address of a bucket.
    """
    return as_address(given if given is not None or sandbox else job.output_dir)


def as_address(path: Path | None) -> str | None:
    """The address that a path was written as; None of a folder.

    Raises:
        UsageError: It is no address of a bucket.
    """
    if path is None:
        return None
    scheme, colon, rest = path.as_posix().partition(":")
    if not colon or scheme not in SCHEMES or rest[:1] not in ("", "/"):
        return None
    parts = rest.strip("/").split("/")  # of `://` a Path leaves one slash, or none
    if not parts[0] or ".." in parts:
        raise UsageError(
            f"{scheme}://{rest.strip('/')} is no address of a bucket",
            hint="Write it as s3://bucket/prefix, gs://bucket/prefix or az://container/prefix.",
        )
    return f"{scheme}://{'/'.join(parts)}"


def home_of(address: str) -> Path:
    """The folder of the project that has the journal of what is at an address: one for each."""
    return Path("outputs", *address.replace("://", "/").split("/"))
