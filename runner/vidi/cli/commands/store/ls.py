"""`vidi store ls`: what the store has."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from vidi.cli.commands.store.options import find_store, store_options

if TYPE_CHECKING:
    from pathlib import Path

    from vidi.inference.store.record import StoreRecord

HEADINGS = ("fingerprint", "no.", "model", "assets", "size", "paid", "made")
SHOWN = 12
"""Characters of a fingerprint that tell one from another."""


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@store_options
def ls(project: Path, env_file: Path | None, sandbox: bool, json_wanted: bool) -> int:
    """List every purchase of the store: what it is, what it cost, how large it is."""
    from vidi.cli.display.columns import align
    from vidi.cli.display.console import Console
    from vidi.runs.records.json_text import render_json

    store = find_store(project, env_file, sandbox=sandbox)
    records = [store.read(*each) for each in sorted(store.list_records())]
    console = Console()
    if json_wanted:
        rows = [_to_json(record) for record in records]
        answer = {"schema_version": 1, "store": store.where, "sandbox": sandbox, "records": rows}
        console.print_data(render_json(answer).rstrip("\n"))
        return 0
    lines = align([HEADINGS, *map(_to_row, records)], right=frozenset({1, 3, 4, 5}))
    for line in lines if records else ():
        console.print_data(line)
    console.say(f"{store.where}: {len(records)} purchase{'' if len(records) == 1 else 's'}")
    return 0


def _to_row(record: StoreRecord) -> tuple[str, ...]:
    from vidi.dollars import format_usd
    from vidi.runs.records.figures import format_bytes

    size = sum(asset.bytes for asset in record.assets)
    return (
        record.fingerprint[:SHOWN],
        str(record.number),
        record.model,
        str(len(record.assets)),
        format_bytes(size),
        format_usd(record.paid),
        record.made_at or "",
    )


def _to_json(record: StoreRecord) -> dict[str, object]:
    return {
        "fingerprint": record.fingerprint,
        "number": record.number,
        "model": record.model,
        "params": record.params,
        "request_id": record.request_id,
        "paid_usd": record.paid,
        "paid_basis": record.paid_basis,
        "made_at": record.made_at,
        "assets": [
            {"sha256": each.sha256, "bytes": each.bytes, "content_type": each.content_type}
            for each in record.assets
        ],
    }
