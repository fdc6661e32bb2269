"""`vidi export`: a fleet's job as an output folder."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from vidi.cli.options import ENV_FILE, FOLDER, JSON, PROJECT

if TYPE_CHECKING:
    from pathlib import Path

NAMED = 5
"""How many missing assets are named before the rest is counted."""


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("job", metavar="JOB")
@click.option(
    "-o",
    "--output-dir",
    "folder",
    type=FOLDER,
    metavar="DIR",
    help="Where it goes.  [default: where the outputs are]",
)
@PROJECT
@ENV_FILE
@JSON
def export(
    job: str, folder: Path | None, project: Path, env_file: Path | None, json_wanted: bool
) -> int:  # fmt: skip
    """Write log.jsonl, manifest.json and report.html of JOB; every vidi command then works on DIR.

    Beyond 50,000 inferences the manifest is in parts, manifest/00000.jsonl.gz and so on, of JSON
    lines; in the database the view vidi_manifest has the same.
    """
    from vidi.cli.display.console import Console
    from vidi.cli.running.fleet.asking import open_job
    from vidi.runs.fleet.destination import locate_outputs
    from vidi.runs.fleet.export.export import export as export_job
    from vidi.runs.records.json_text import render_json

    console = Console(json_wanted=json_wanted)
    with open_job(job, project, env_file) as asked:
        outputs = locate_outputs(asked.destination, project)
        done = export_job(asked.destination, asked.ledger, folder or outputs, outputs)
    if json_wanted:
        answer = {
            "schema_version": 1,
            "command": "export",
            "ok": True,
            "exit_code": 0,
            "output_dir": done.folder.as_posix(),
            "inferences": done.inferences,
            "parts": len(done.manifest.get("parts", ())),
            "paid_usd": done.manifest["cost_usd"]["paid"],
            "missing": list(done.missing),
            "errors": [],
        }
        console.print_data(render_json(answer).rstrip("\n"))
    if done.missing:
        names = ", ".join(done.missing[:NAMED])
        rest = len(done.missing) - NAMED
        more = f" and {rest} more" if rest > 0 else ""
        console.say(f"not within reach of this machine: {names}{more}", style="yellow")
    console.say(f"{done.folder.as_posix()}: {done.inferences} inferences")
    return 0
