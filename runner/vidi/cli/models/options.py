"""Options that several of the `vidi models` commands share."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from collections.abc import Callable

    Command = Callable[..., int]

FOLDER = click.Path(file_okay=False, path_type=Path)
FILE = click.Path(dir_okay=False, path_type=Path)
HELP = {"help_option_names": ["-h", "--help"]}


def registry_options(command: Command) -> Command:
    """Where the templates are, and whether a program reads along."""
    options = (
        click.option("--templates", type=FOLDER, metavar="DIR", help="Templates that come first."),
        click.option("--json", "json_wanted", is_flag=True, help="Print one JSON object."),
    )
    for option in reversed(options):
        command = option(command)
    return command


def provider_options(command: Command) -> Command:
    """Whom to ask, and with which keys."""
    options = (
        click.option("--sandbox", is_flag=True, help="Ask the built-in emulation: no key needed."),
        click.option("--env-file", type=FILE, metavar="FILE",
                     help="Read keys and settings from it.  [default: .env]"),
    )  # fmt: skip
    for option in reversed(options):
        command = option(command)
    return command
