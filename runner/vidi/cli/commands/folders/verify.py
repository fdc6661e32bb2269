"""`vidi verify`: are the assets of a folder still what the run made?"""

from __future__ import annotations

from pathlib import Path

import click


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--json", "json_wanted", is_flag=True, help="Print one JSON object on stdout.")
def verify(folder: Path, json_wanted: bool) -> int:
    """Hash every asset of an output folder and compare it with the journal.

    Exit 0 when all are there and the same, 1 when one is missing or differs.
    """
    from vidi.cli.display.console import Console
    from vidi.runs.records.folder import JOURNAL
    from vidi.runs.records.json_text import render_json
    from vidi.runs.records.verification import verify_folder

    console = Console()
    checked = verify_folder(folder, folder / JOURNAL)
    wrong = [each for each in checked if each.verdict != "ok"]
    if json_wanted:
        assets = [{"id": each.id, "path": each.path, "verdict": each.verdict} for each in checked]
        answer = {
            "schema_version": 1,
            "command": "verify",
            "ok": not wrong,
            "exit_code": int(bool(wrong)),
            "assets": assets,
        }
        console.print_data(render_json(answer).rstrip("\n"))
    for each in wrong:
        console.say(f"{folder / each.path}: {each.verdict} ({each.id})", style="red")
    console.say(f"{len(checked) - len(wrong)} of {len(checked)} assets are as they were made")
    return int(bool(wrong))
