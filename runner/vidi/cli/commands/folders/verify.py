"""`vidi verify`: are the assets of a folder still what the run made?"""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from vidi.cli.options import FOLDER

if TYPE_CHECKING:
    from pathlib import Path


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("folder", type=FOLDER, metavar="FOLDER|s3://BUCKET/PREFIX")
@click.option("--json", "json_wanted", is_flag=True, help="Print one JSON object on stdout.")
def verify(folder: Path, json_wanted: bool) -> int:
    """Hash every asset of an output folder and compare it with the journal.

    Of a bucket, every byte is read; the journal is the one beside the assets, or here where a run
    was cut off. Exit 0 when all are there and the same, 1 when one is missing or differs.
    """
    from vidi.cli.display.console import Console
    from vidi.errors import UsageError
    from vidi.runs.records.destination import as_address, home_of
    from vidi.runs.records.json_text import render_json
    from vidi.runs.records.remote.address import read_address
    from vidi.runs.records.remote.hold import look_at_output
    from vidi.runs.records.verification import verify_assets

    console = Console()
    address = as_address(folder)
    if address is None and not folder.is_dir():
        raise UsageError(f"there is no folder {folder}", hint="Name an output folder.")
    folder = home_of(address) if address is not None else folder
    address = address or read_address(folder)
    with look_at_output(folder, address) as (journal, kept):
        checked = verify_assets(journal, kept)
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
        console.say(f"{kept.address(each.path)}: {each.verdict} ({each.id})", style="red")
    console.say(f"{len(checked) - len(wrong)} of {len(checked)} assets are as they were made")
    return int(bool(wrong))
