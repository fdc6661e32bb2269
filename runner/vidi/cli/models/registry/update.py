"""`vidi models update`: a newer registry than the one that vidi came with."""

from __future__ import annotations

import click

from vidi.cli.models.options import HELP


@click.command("update", context_settings=HELP)
@click.argument("source", metavar="URL_OR_PATH")
@click.option("--sha256", "digest", default="", metavar="HEX",
              help="Its checksum.  [default: what URL_OR_PATH.sha256 says]")  # fmt: skip
@click.option("--json", "json_wanted", is_flag=True, help="Print one JSON object.")
def update_registry(source: str, digest: str, json_wanted: bool) -> int:
    """Fetch a registry that `vidi models pack` made, and use it from now on where it is newer.

    It is checked against its checksum, and every template in it, before it takes the place of the
    one before. Projects that have a vidi.lock and run with --locked are told what has changed.
    """
    from vidi.cli.models.registry.updating import update

    return update(source, digest, json_wanted=json_wanted)
