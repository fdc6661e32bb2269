"""`vidi report`: make the page of a finished run again, or one page over several."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from vidi.errors import UsageError

if TYPE_CHECKING:
    from vidi.runs.records.report.recorded import RecordedFolder


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
@click.option(
    "--share",
    metavar="FILE",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write a ZIP file with the page and its assets, without prices, params and request ids.",
)
@click.option(
    "--with",
    "shared",
    multiple=True,
    type=click.Choice(["prices", "params", "requests"]),
    help="With --share: what is in it all the same.",
)
def report(
    folders: tuple[Path, ...],
    contact_sheet: Path | None,
    share: Path | None,
    shared: tuple[str, ...],
) -> int:
    """Write report.html of an output folder from its manifest.json, else from its log.jsonl.

    Of several folders, or of a folder of them, it is one page over all of them, in the nearest
    folder that holds them all. A contact sheet shows what the last run changed beside what it was.
    """
    from vidi.cli.display.console import Console
    from vidi.runs.records.report.recorded import read_folder
    from vidi.runs.records.report.write import put_report

    found = _find_run_folders(folders)
    if contact_sheet is not None:
        Console().print_data(str(_write_contact_sheet(found, contact_sheet)))
        return 0
    read = [read_folder(folder) for folder in found]
    if share is not None:
        page = _share(read, share, shared)
    elif len(read) == 1:
        page = put_report(read[0].path, read[0].manifest, read[0].beside)
    else:
        page = _write_one_page(read)
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


def _write_contact_sheet(folders: list[Path], sheet: Path) -> Path:
    from vidi.runs.records.contact_sheet import write_contact_sheet
    from vidi.runs.records.report.recorded import read_manifest_of

    return write_contact_sheet([(folder, read_manifest_of(folder)) for folder in folders], sheet)


def _share(folders: list[RecordedFolder], share: Path, shared: tuple[str, ...]) -> Path:
    from vidi.runs.records.report.share import write_share
    from vidi.runs.records.report.shown import Shown
    from vidi.runs.records.report.together import put_together

    shown = Shown(
        prices="prices" in shared, params="params" in shared, requests="requests" in shared
    )
    whole = folders[0] if len(folders) == 1 else put_together(folders, _find_common(folders))
    return write_share(whole, share, shown)


def _write_one_page(folders: list[RecordedFolder]) -> Path:
    from vidi.runs.records.folder import REPORT_NAME
    from vidi.runs.records.report.together import put_together
    from vidi.runs.records.report.write import put_report

    common = _find_common(folders)
    page = common / REPORT_NAME
    if page.exists() and b'name="generator" content="vidi ' not in page.read_bytes():
        raise UsageError(f"{page} exists already and vidi did not make it", hint="Move it.")
    whole = put_together(folders, common)
    for folder in folders:
        if not (folder.path / REPORT_NAME).exists():  # what the page leads to is there
            put_report(folder.path, folder.manifest, folder.beside)
    return put_report(common, whole.manifest, whole.beside)


def _find_common(folders: list[RecordedFolder]) -> Path:
    try:
        return Path(os.path.commonpath([folder.path.resolve() for folder in folders]))
    except ValueError as error:
        raise UsageError("these folders have none in common", hint="Name some of one.") from error
