"""An output folder as its page shows it: its manifest, and what lies beside it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from vidi.errors import UsageError
from vidi.inference.tracking.journal.journal import FileJournal
from vidi.runs.records.folder import JOURNAL, MANIFEST
from vidi.runs.records.manifest.from_journal import render_journal
from vidi.runs.records.manifest.read import read_manifest
from vidi.runs.records.manifest.schema import manifest_schema
from vidi.runs.records.report.beside import Beside, look_beside, make_thumbnails

if TYPE_CHECKING:
    from pathlib import Path

    from vidi.runs.records.manifest.shape import Manifest


@dataclass(frozen=True, slots=True)
class RecordedFolder:
    """What is on record of an output folder."""

    path: Path
    manifest: Manifest
    beside: Beside


def read_folder(folder: Path) -> RecordedFolder:
    """Read a folder from its manifest.json, else from its log.jsonl; thumbnails are made anew.

    Raises:
        UsageError: It is no output folder, or what is on record there cannot be read.
    """
    journal = FileJournal(folder / JOURNAL, run="")
    manifest = _read(folder, journal)
    make_thumbnails(manifest, folder)
    return RecordedFolder(folder, manifest, look_beside(manifest, folder, journal.shelf.values()))


def read_manifest_of(folder: Path) -> Manifest:
    """Read what a folder holds from its manifest.json, else from its log.jsonl.

    Raises:
        UsageError: It is no output folder, or what is on record there cannot be read.
    """
    return _read(folder, FileJournal(folder / JOURNAL, run=""))


def _read(folder: Path, journal: FileJournal) -> Manifest:
    import jsonschema_rs

    path = folder / MANIFEST
    manifest = None if path.exists() else render_journal(journal)
    if manifest is None:
        manifest = read_manifest(path)
    for wrong in jsonschema_rs.validator_for(manifest_schema()).iter_errors(manifest):
        raise UsageError(f"{path} is not a manifest of vidi: {wrong.message}")
    return manifest
