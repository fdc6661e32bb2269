"""Several output folders as one, for a page over all of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vidi.errors import UsageError
from vidi.runs.records.manifest.merge import merge_manifests
from vidi.runs.records.report.beside import merge_beside
from vidi.runs.records.report.recorded import RecordedFolder

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


def put_together(folders: Sequence[RecordedFolder], common: Path) -> RecordedFolder:
    """One folder of several, which are all real or all of the sandbox.

    Args:
        folders: What is on record of each.
        common: A folder above all of them, where the whole is to be.

    Raises:
        UsageError: Some are real, and others the sandbox's.
    """
    if len({each.manifest["sandbox"] for each in folders}) > 1:
        raise UsageError(
            "some of these folders were made by the sandbox, and others are real",
            hint="Name those of one kind.",
        )
    names = [each.path.resolve().relative_to(common).as_posix() for each in folders]
    named = list(zip(names, folders, strict=True))
    manifest = merge_manifests(
        [(name, each.manifest) for name, each in named], f"{len(folders)} job files"
    )
    ids = {name: [row["id"] for row in each.manifest["inferences"]] for name, each in named}
    beside = merge_beside([(name, each.beside) for name, each in named], ids)
    return RecordedFolder(common, manifest, beside)
