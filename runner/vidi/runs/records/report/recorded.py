"""An output folder as its page shows it: its manifest, and what lies beside it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from vidi.errors import UsageError
from vidi.inference.tracking.opening import open_journal
from vidi.jobs.reviews.read import read_reviews
from vidi.runs.records.folder import JOURNAL, MANIFEST
from vidi.runs.records.manifest.from_journal import render_journal
from vidi.runs.records.manifest.read import read_manifest
from vidi.runs.records.manifest.schema import manifest_schema
from vidi.runs.records.report.beside import Beside, look_beside, make_thumbnails
from vidi.runs.records.report.marks import find_reviews, list_marks

if TYPE_CHECKING:
    from pathlib import Path

    from vidi.inference.tracking.journal.journal import Journal
    from vidi.jobs.reviews.review import Review
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
        JobFileError: Its reviews.yaml is damaged.
    """
    journal = open_journal(folder / JOURNAL)
    manifest = _read(folder, journal)
    make_thumbnails(manifest, folder)
    marks = _read_marks(folder, journal)
    return RecordedFolder(
        folder, manifest, look_beside(manifest, folder, journal.shelf.values(), marks)
    )


def read_record(folder: Path) -> RecordedFolder:
    """Read what a folder has on record and what people have said of it; no asset is looked at.

    Raises:
        UsageError: It is no output folder, or what is on record there cannot be read.
        JobFileError: Its reviews.yaml is damaged.
    """
    journal = open_journal(folder / JOURNAL)
    beside = Beside(marks=_read_marks(folder, journal))
    return RecordedFolder(folder, _read(folder, journal), beside)


def _read_marks(folder: Path, journal: Journal) -> dict[str, Review]:
    path = find_reviews(folder, journal.header)
    reviews = read_reviews(path) if path is not None else None
    sandbox = bool((journal.header or {}).get("sandbox"))
    return list_marks(reviews, journal.states.values(), sandbox=sandbox)


def read_manifest_of(folder: Path) -> Manifest:
    """Read what a folder holds from its manifest.json, else from its log.jsonl.

    Raises:
        UsageError: It is no output folder, or what is on record there cannot be read.
    """
    return _read(folder, open_journal(folder / JOURNAL))


def _read(folder: Path, journal: Journal) -> Manifest:
    import jsonschema_rs

    path = folder / MANIFEST
    manifest = None if path.exists() else render_journal(journal)
    if manifest is None:
        manifest = read_manifest(path)
    for wrong in jsonschema_rs.validator_for(manifest_schema(), validate_formats=True).iter_errors(
        manifest
    ):
        raise UsageError(f"{path} is not a manifest of vidi: {wrong.message}")
    return manifest
