"""`vidi report`: make the page of a finished run again, or one page over several."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from vidi.errors import UsageError

if TYPE_CHECKING:
    from vidi.runs.records.manifest.shape import Manifest


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.argument(
    "folders",
    metavar="FOLDER...",
    nargs=-1,
    required=True,
    type=click.Path(exists=True, file_okay=False, path_type=Path),
)
@click.option(
    "--contact-sheet",
    metavar="FILE",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write one PNG with at most 20 thumbnails instead of the page.",
)
def report(folders: tuple[Path, ...], contact_sheet: Path | None) -> int:
    """Write report.html of an output folder from its manifest.json, else from its log.jsonl.

    Of several folders, or of a folder of them, it is one page over all of them, in the nearest
    folder that holds them all. A contact sheet shows what the last run changed beside what it was.
    """
    from vidi.cli.display.console import Console
    from vidi.runs.records.report import write_report

    found = _find_run_folders(folders)
    if contact_sheet is not None:
        from vidi.runs.records.contact_sheet import write_contact_sheet

        sheet = write_contact_sheet([(folder, _read(folder)) for folder in found], contact_sheet)
        Console().print_data(str(sheet))
        return 0
    page = write_report(_read(found[0]), found[0]) if len(found) == 1 else _write_one_page(found)
    Console().print_data(str(page))
    return 0


def _find_run_folders(folders: tuple[Path, ...]) -> list[Path]:
    """The output folders that are named or lie below one that is, each once.

    Of a folder that has real ones and such of the sandbox below it, the real ones are meant.
    """
    from vidi.runs.records.folder import MANIFEST, find_run_folders

    found: dict[Path, Path] = {}
    for folder in folders:
        below = [folder] if (folder / MANIFEST).exists() else find_run_folders(folder) or [folder]
        real = [each for each in below if "sandbox" not in each.relative_to(folder).parts]
        for each in real or below:
            found.setdefault(each.resolve(), each)
    return list(found.values())


def _write_one_page(folders: list[Path]) -> Path:
    from vidi.runs.records.manifest.merge import merge_manifests
    from vidi.runs.records.report import REPORT_NAME, write_report

    try:
        common = Path(os.path.commonpath([folder.resolve() for folder in folders]))
    except ValueError as error:
        raise UsageError("these folders have none in common", hint="Name some of one.") from error
    page = common / REPORT_NAME
    if page.exists() and b'name="generator" content="vidi ' not in page.read_bytes():
        raise UsageError(f"{page} exists already and vidi did not make it", hint="Move it.")
    parts = [(folder.resolve().relative_to(common).as_posix(), _read(folder)) for folder in folders]
    kinds = {manifest["sandbox"] for _, manifest in parts}
    if len(kinds) > 1:
        raise UsageError(
            "some of these folders were made by the sandbox, and others are real",
            hint="Name those of one kind.",
        )
    return write_report(merge_manifests(parts, f"{len(parts)} job files"), common)


def _read(folder: Path) -> Manifest:
    import jsonschema_rs

    from vidi.inference.tracking.journal.journal import FileJournal
    from vidi.runs.records.folder import JOURNAL, MANIFEST
    from vidi.runs.records.manifest.from_journal import render_journal
    from vidi.runs.records.manifest.read import read_manifest
    from vidi.runs.records.manifest.schema import manifest_schema

    path = folder / MANIFEST
    manifest = None if path.exists() else render_journal(FileJournal(folder / JOURNAL, run=""))
    if manifest is None:
        manifest = read_manifest(path)
    for wrong in jsonschema_rs.validator_for(manifest_schema()).iter_errors(manifest):
        raise UsageError(f"{path} is not a manifest of vidi: {wrong.message}")
    return manifest
