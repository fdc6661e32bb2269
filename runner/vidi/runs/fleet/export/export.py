"""A job of a fleet brought into a folder, in which every command then works."""

from __future__ import annotations

import shutil
from dataclasses import dataclass, field
from secrets import token_hex
from typing import TYPE_CHECKING

from vidi.errors import StorageError, UsageError
from vidi.inference.outputs.keeping.staging import PREFIX
from vidi.inference.tracking.fleet.figures import read_figures
from vidi.runs.fleet.export.journal import write_journal
from vidi.runs.fleet.export.manifest import write_manifest
from vidi.runs.fleet.export.rows import render_rows
from vidi.runs.fleet.work import WorkEnd, choose_exit_code
from vidi.runs.records.folder import JOURNAL, is_export, note_export
from vidi.runs.records.remote.address import note_address
from vidi.runs.records.report.write import write_report

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from decimal import Decimal
    from pathlib import Path

    from vidi.inference.tracking.fleet.destinations import Destination
    from vidi.inference.tracking.ledger.connection import Ledger
    from vidi.runs.records.manifest.shape import InferenceShape, Manifest


@dataclass(frozen=True, slots=True)
class Exported:
    """What was written."""

    folder: Path
    inferences: int
    manifest: Manifest
    missing: tuple[str, ...]
    """Assets that are not where workers have put them, or not within reach."""


def export(destination: Destination, ledger: Ledger, folder: Path, outputs: Path) -> Exported:
    """Write log.jsonl, the manifest and the page into a folder, and bring assets there.

    Args:
        destination: The job.
        ledger: The database.
        folder: Where it goes.
        outputs: Where workers have put the assets, as this machine has it.

    Raises:
        UsageError: The folder has the journal of other runs.
        StorageError: The database or the folder cannot be used.
    """
    if (folder / JOURNAL).exists() and not is_export(folder):
        raise UsageError(
            f"{folder} has a journal of other runs", hint="Name a folder of its own with -o."
        )
    figures = ledger.do(read_figures(destination))
    code = choose_exit_code(
        WorkEnd(), figures.counts, destination.terms.accept, why=destination.why
    )
    done = figures.counts.get("succeeded", 0)
    status = "succeeded" if code == 0 else "partial" if done else "failed"
    if figures.open:
        status = "interrupted"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if "://" in destination.store:
            note_address(folder, destination.store)
        write_journal(destination, ledger, folder)
        note_export(folder, destination.journal)
        rows = render_rows(destination, ledger)
        bringing = _Bringing(outputs, folder)
        if "://" not in destination.store:
            rows = bringing.bring(rows)
        whole, page = write_manifest(rows, destination, folder, status=status, exit_code=code)
    except OSError as error:
        raise StorageError(
            f"cannot export into {folder}: {error.strerror}",
            hint="Make room or make the folder writable, and give the same command again.",
        ) from error
    write_report(page, folder)
    return Exported(folder, figures.total, whole, tuple(bringing.missing))


@dataclass(slots=True)
class _Bringing:
    """Brings the assets of rows as they pass by, where they are not in the folder anyway."""

    outputs: Path
    folder: Path
    missing: list[str] = field(default_factory=list)

    def bring(
        self, rows: Iterable[tuple[int, InferenceShape, Decimal]]
    ) -> Iterator[tuple[int, InferenceShape, Decimal]]:
        """The rows, each with its assets in the folder."""
        for row in rows:
            for asset in row[1]["assets"]:
                if not (self.folder / asset["path"]).exists():
                    self._copy(asset["path"])
            yield row

    def _copy(self, path: str) -> None:
        source, target = self.outputs / path, self.folder / path
        if not source.is_file():
            self.missing.append(path)
            return
        target.parent.mkdir(parents=True, exist_ok=True)
        partial = target.with_name(f"{PREFIX}{token_hex(8)}")
        try:
            shutil.copy2(source, partial)
            partial.rename(target)
        finally:
            partial.unlink(missing_ok=True)
