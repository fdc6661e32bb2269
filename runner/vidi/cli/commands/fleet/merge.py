"""`vidi merge`: the folders of a job's shards become one."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from vidi.cli.options import JSON

if TYPE_CHECKING:
    from vidi.runs.records.merging.merge import Merged

FOLDER = click.Path(file_okay=False, path_type=Path)
NAMED = 5
"""How many missing assets are named before the rest is counted."""


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("out", metavar="OUT", type=FOLDER)
@click.argument("folders", metavar="FOLDER...", nargs=-1, required=True, type=FOLDER)
@JSON
def merge(out: Path, folders: tuple[Path, ...], json_wanted: bool) -> int:
    r"""Bring the output folders of a job's shards into the one folder OUT.

    \b
    vidi-run job.yaml --shard 1/2 -o out/1     on one machine
    vidi-run job.yaml --shard 2/2 -o out/2     on another
    vidi merge out/all out/1 out/2

    Journals, assets, what they replaced, manifests and the page become one, as if one run had
    bought everything. An inference that was bought in two of the folders is refused by name.
    The folders are left as they are.
    """
    from vidi.cli.display.console import Console
    from vidi.runs.records.json_text import render_json
    from vidi.runs.records.merging.merge import merge_folders

    console = Console()
    merged = merge_folders(out, folders)
    if json_wanted:
        console.print_data(render_json(_describe(merged, out)).rstrip("\n"))
    if merged.missing:
        names = ", ".join(merged.missing[:NAMED])
        rest = f" and {len(merged.missing) - NAMED} more" if len(merged.missing) > NAMED else ""
        console.say(
            f"missing in their folder: {names}{rest}; put them back and merge again, else the next "
            "run may buy them again",
            style="yellow",
        )
    if merged.manifest is None:
        console.say(
            "one of the folders has no manifest.json, as its run was killed: the next run of the "
            f"job in {out} writes it",
            style="yellow",
        )
    console.say(
        f"{out}: {merged.bought} inferences bought, of {len(merged.parts)} folders, "
        f"{merged.copied} files brought in"
    )
    return 0


def _describe(merged: Merged, out: Path) -> dict[str, object]:
    return {
        "schema_version": 1,
        "command": "merge",
        "ok": True,
        "exit_code": 0,
        "output_dir": str(out),
        "folders": [str(part.folder) for part in merged.parts],
        "bought": merged.bought,
        "copied": merged.copied,
        "missing": list(merged.missing),
        "paid_usd": merged.manifest["cost_usd"]["paid"] if merged.manifest else None,
        "manifest": str(out / "manifest.json") if merged.manifest else None,
    }
