"""`vidi store`: what is shared with other folders, listed, checked and tidied."""

from __future__ import annotations

import click

from vidi.cli.commands.store.ls import ls
from vidi.cli.commands.store.prune import prune
from vidi.cli.commands.store.verify import verify


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def store() -> None:
    """Bought assets by content, shared by clones and CI: `store` in vidi.toml, or VIDI_STORE."""


for _command in (ls, prune, verify):
    store.add_command(_command)
