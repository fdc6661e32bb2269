"""`vidi report`: make the page of a finished run again."""

from __future__ import annotations

from pathlib import Path

import click


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
def report(folder: Path) -> int:
    """Write report.html of an output folder from its manifest.json, else from its log.jsonl."""
    import jsonschema_rs

    from vidi.cli.display.console import Console
    from vidi.errors import UsageError
    from vidi.inference.tracking.journal.journal import FileJournal
    from vidi.runs.records.folder import JOURNAL, MANIFEST
    from vidi.runs.records.manifest.from_journal import render_journal
    from vidi.runs.records.manifest.read import read_manifest
    from vidi.runs.records.manifest.schema import manifest_schema
    from vidi.runs.records.report import write_report

    path = folder / MANIFEST
    manifest = None if path.exists() else render_journal(FileJournal(folder / JOURNAL, run=""))
    if manifest is None:
        manifest = read_manifest(path)
    for wrong in jsonschema_rs.validator_for(manifest_schema()).iter_errors(manifest):
        raise UsageError(f"{path} is not a manifest of vidi: {wrong.message}")
    Console().print_data(str(write_report(manifest, folder)))
    return 0
