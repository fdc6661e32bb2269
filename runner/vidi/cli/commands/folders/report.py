"""`vidi report`: make the page of a finished run again."""

from __future__ import annotations

import json
from pathlib import Path

import click


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
def report(folder: Path) -> int:
    """Write report.html of an output folder from its manifest.json."""
    import jsonschema_rs

    from vidi.cli.display.console import Console
    from vidi.errors import UsageError
    from vidi.runs.records.folder import MANIFEST
    from vidi.runs.records.manifest.schema import manifest_schema
    from vidi.runs.records.report import write_report

    path = folder / MANIFEST
    try:
        manifest = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise UsageError(
            f"cannot read {path}", hint="Run the job first, or name its output folder."
        ) from error
    for wrong in jsonschema_rs.validator_for(manifest_schema()).iter_errors(manifest):
        raise UsageError(f"{path} is not a manifest of vidi: {wrong.message}")
    Console().print_data(str(write_report(manifest, folder)))
    return 0
