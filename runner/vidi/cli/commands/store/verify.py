"""`vidi store verify`: is everything in the store what it says?"""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from vidi.cli.commands.store.options import find_store, store_options

if TYPE_CHECKING:
    from pathlib import Path


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--remove", is_flag=True, help="Take away what is damaged, so that it can be bought.")
@store_options
def verify(
    project: Path, env_file: Path | None, sandbox: bool, json_wanted: bool, remove: bool
) -> int:  # fmt: skip
    """Read every record and hash every asset. Exit 0 when all are whole, else 1."""
    from vidi.cli.display.console import Console
    from vidi.inference.store.upkeep import find_damage, remove_damaged
    from vidi.runs.records.json_text import render_json

    store = find_store(project, env_file, sandbox=sandbox)
    count = len(list(store.list_records()))
    damaged = list(find_damage(store))
    console = Console()
    for damage in damaged:
        console.say(f"{damage.fingerprint} {damage.number}: {damage.what}", style="red")
        if remove:
            remove_damaged(store, damage)
    code = int(bool(damaged) and not remove)
    if json_wanted:
        answer = {
            "schema_version": 1,
            "store": store.where,
            "ok": not damaged,
            "exit_code": code,
            "records": count,
            "damaged": [damage._asdict() for damage in damaged],
            "removed": remove,
        }
        console.print_data(render_json(answer).rstrip("\n"))
    taken = ", and the others are taken away" if damaged and remove else ""
    console.say(f"{count - len(damaged)} of {count} purchases are whole{taken}")
    return code
