"""`vidi store prune`: what nobody can find, or wants any more, taken away."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from vidi.cli.commands.store.options import find_store, store_options

if TYPE_CHECKING:
    from pathlib import Path


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--older-than",
    type=click.IntRange(0),
    metavar="DAYS",
    help="Purchases too that were put there before: they would be bought again.",
)
@click.option("--dry-run", is_flag=True, help="Say what would be taken away, and leave it.")
@store_options
def prune(
    project: Path,
    env_file: Path | None,
    sandbox: bool,
    json_wanted: bool,
    older_than: int | None,
    dry_run: bool,
) -> int:  # fmt: skip
    """Take away assets that no record names; with --older-than, old purchases as well."""
    from datetime import UTC, datetime, timedelta

    from vidi.cli.display.console import Console
    from vidi.inference.store.upkeep import find_older, find_unnamed
    from vidi.runs.records.figures import format_bytes
    from vidi.runs.records.json_text import render_json

    store = find_store(project, env_file, sandbox=sandbox)
    now = datetime.now(UTC)
    old = [] if older_than is None else list(find_older(store, now - timedelta(days=older_than)))
    if not dry_run:
        for each in old:
            store.blobs.delete(store.name_record(*each))
    unnamed = list(find_unnamed(store, now, without=frozenset(old)))
    if not dry_run:
        for blob in unnamed:
            store.blobs.delete(blob.name)
    size = sum(blob.size for blob in unnamed)
    console = Console()
    if json_wanted:
        answer = {
            "schema_version": 1,
            "store": store.where,
            "dry_run": dry_run,
            "records": len(old),
            "assets": len(unnamed),
            "bytes": size,
        }
        console.print_data(render_json(answer).rstrip("\n"))
    done = "would be" if dry_run else "are"
    console.say(
        f"{len(old)} purchases and {len(unnamed)} assets ({format_bytes(size)}) {done} taken away"
    )
    return 0
