"""Where the outputs of a fleet's job go, by a name that is the same on every machine."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from vidi.inference.outputs.keeping.folder import FolderStore
from vidi.inference.outputs.keeping.objects import ObjectStore
from vidi.runs.records.destination import home_of
from vidi.runs.records.remote.address import SCRATCH, before_anything_is_sent, open_bucket

if TYPE_CHECKING:
    from pathlib import Path

    from vidi.inference.outputs.keeping.asset_store import AssetStore
    from vidi.inference.tracking.fleet.destinations import Destination


class Output(NamedTuple):
    """Where outputs go, as one machine has it."""

    assets: AssetStore
    thumbnails: Path | None
    """The folder in which small pictures are kept, where all machines share it."""


def name_destination(folder: Path, address: str | None, project: Path) -> str:
    """The name of a job: its bucket and prefix, else its folder as the project has it; POSIX.

    A worker finds the folder in a project of its own; one outside of it is named as it is.
    """
    if address is not None:
        return address
    whole, root = folder.resolve(), project.resolve()
    return (whole.relative_to(root) if whole.is_relative_to(root) else whole).as_posix()


def locate_outputs(destination: Destination, project: Path) -> Path:
    """The folder of a job's outputs; of a bucket, the one that stands for it in the project."""
    where = destination.store or destination.journal
    return project / (home_of(where) if "://" in where else where)


def open_destination(destination: Destination, project: Path) -> Output:
    """Where a worker puts outputs: other workers put theirs there meanwhile.

    Raises:
        UsageError: The extra `objects` is not installed, or the address is none.
    """
    where = destination.store or destination.journal
    if "://" not in where:
        return Output(FolderStore(project / where), project / where)
    return Output(_open_objects(where, project), None)


def look_at_destination(folder: Path, address: str | None, project: Path) -> AssetStore:
    """What is there while the job is planned; of a bucket, one listing is made.

    Raises:
        UsageError: The extra `objects` is not installed, or the address is none.
        SettingError: The bucket cannot be read.
    """
    if address is None:
        return FolderStore(folder)
    objects = _open_objects(address, project)
    with before_anything_is_sent():
        objects.list_once()
    return objects


def _open_objects(address: str, project: Path) -> ObjectStore:
    return ObjectStore(open_bucket(address), project / home_of(address) / SCRATCH)
