"""`vidi verify`: are the assets of a folder still what the run made?"""

from __future__ import annotations

from contextlib import nullcontext
from typing import TYPE_CHECKING

import click

from vidi.cli.options import FOLDER, JSON

if TYPE_CHECKING:
    from contextlib import AbstractContextManager
    from pathlib import Path

    from vidi.inference.outputs.keeping.asset_store import AssetStore


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("folder", type=FOLDER, metavar="FOLDER|s3://BUCKET/PREFIX")
@JSON
def verify(folder: Path, json_wanted: bool) -> int:
    """Hash every asset of an output folder and compare it with the journal.

    Of a bucket, every byte is read; the journal is the one beside the assets, or here where a run
    was cut off. Exit 0 when all are there and the same, 1 when one is missing or differs.
    """
    from vidi.cli.display.console import Console
    from vidi.runs.records.json_text import render_json
    from vidi.runs.records.verification import verify_assets

    console = Console()
    with _open(folder) as (journal, kept):
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


def _open(folder: Path) -> AbstractContextManager[tuple[Path, AssetStore]]:
    """The journal of a folder or a bucket, and the assets."""
    from vidi.errors import UsageError
    from vidi.runs.records.destination import as_address, home_of
    from vidi.runs.records.folder import JOURNAL
    from vidi.runs.records.remote.address import open_assets
    from vidi.runs.records.remote.hold import look_at_output

    if (address := as_address(folder)) is not None:
        return look_at_output(home_of(address), address)
    if not folder.is_dir():
        raise UsageError(f"there is no folder {folder}", hint="Name an output folder.")
    return nullcontext((folder / JOURNAL, open_assets(folder)))
