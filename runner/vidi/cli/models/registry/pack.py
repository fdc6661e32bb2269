"""`vidi models pack`: a folder of templates as the one file that `vidi models update` fetches."""

from __future__ import annotations

from pathlib import Path

import click

from vidi.cli.models.options import FILE, HELP


@click.command("pack", context_settings=HELP)
@click.argument("folder", type=click.Path(file_okay=False, exists=True, path_type=Path))
@click.option(
    "--out", type=FILE, default=Path("registry.pack"), show_default=True, metavar="FILE",
    help="Where it is written; its checksum beside it, as FILE.sha256.",
)  # fmt: skip
def pack_registry(folder: Path, out: Path) -> int:
    """Pack the templates of FOLDER, with the version that its registry.json says."""
    from vidi.cli.models.registry.packing import pack

    return pack(folder, out)
