"""`vidi report`: make the page of a finished run again, or one page over several."""

from __future__ import annotations

import os
from pathlib import Path

import click

from vidi.errors import UsageError


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
    from vidi.runs.records.report.recorded import read_folder, read_manifest_of
    from vidi.runs.records.report.write import put_report

    found = _find_run_folders(folders)
    if contact_sheet is not None:
        from vidi.runs.records.contact_sheet import write_contact_sheet

        sheet = write_contact_sheet(
            [(folder, read_manifest_of(folder)) for folder in found], contact_sheet
        )
        Console().print_data(str(sheet))
        return 0
    if len(found) == 1:
        folder = read_folder(found[0])
        page = put_report(folder.path, folder.manifest, folder.beside)
    else:
        page = _write_one_page(found)
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
    from vidi.runs.records.folder import REPORT_NAME
    from vidi.runs.records.manifest.merge import merge_manifests
    from vidi.runs.records.report.beside import merge_beside
    from vidi.runs.records.report.recorded import read_folder
    from vidi.runs.records.report.write import put_report

    try:
        common = Path(os.path.commonpath([folder.resolve() for folder in folders]))
    except ValueError as error:
        raise UsageError("these folders have none in common", hint="Name some of one.") from error
    page = common / REPORT_NAME
    if page.exists() and b'name="generator" content="vidi ' not in page.read_bytes():
        raise UsageError(f"{page} exists already and vidi did not make it", hint="Move it.")
    read = [read_folder(folder) for folder in folders]
    if len({each.manifest["sandbox"] for each in read}) > 1:
        raise UsageError(
            "some of these folders were made by the sandbox, and others are real",
            hint="Name those of one kind.",
        )
    names = [each.path.resolve().relative_to(common).as_posix() for each in read]
    manifest = merge_manifests(
        [(name, each.manifest) for name, each in zip(names, read, strict=True)],
        f"{len(read)} job files",
    )
    beside = merge_beside(
        [(name, each.beside) for name, each in zip(names, read, strict=True)],
        {
            name: [row["id"] for row in each.manifest["inferences"]]
            for name, each in zip(names, read, strict=True)
        },
    )
    return put_report(common, manifest, beside)
