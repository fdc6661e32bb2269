"""report.html put into its folder, whole or not at all."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vidi.runs.records.atomic import replace_text
from vidi.runs.records.folder import REPORT_NAME
from vidi.runs.records.report.beside import look_beside
from vidi.runs.records.report.render import render_report

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from vidi.inference.tracking.journal.events import InferenceState
    from vidi.jobs.reviews.review import Review
    from vidi.runs.records.manifest.shape import Manifest
    from vidi.runs.records.report.beside import Beside


def write_report(
    manifest: Manifest,
    folder: Path,
    shelf: Iterable[InferenceState] = (),
    marks: Mapping[str, Review] | None = None,
) -> Path:
    """Write the page of a folder from its manifest.

    Args:
        manifest: That of the folder.
        folder: The output folder.
        shelf: What was bought there and has made way, for before and after; oldest first.
        marks: What people have said of what is there, by id.

    Raises:
        StorageError: It cannot be written.
    """
    return put_report(folder, manifest, look_beside(manifest, folder, shelf, marks))


def put_report(folder: Path, manifest: Manifest, beside: Beside) -> Path:
    """Write a page of what is known already.

    Raises:
        StorageError: It cannot be written.
    """
    return replace_text(folder / REPORT_NAME, render_report(manifest, beside))
