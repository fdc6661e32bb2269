"""The options that commands about fleets share."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from vidi.cli.options import FILE, FOLDER

if TYPE_CHECKING:
    from collections.abc import Callable

_PROJECT = click.option(
    "-C",
    "--project",
    type=FOLDER,
    default=Path(),
    metavar="DIR",
    help="Folder that paths are relative to.  [default: this one]",
)
_ENV_FILE = click.option(
    "--env-file", type=FILE, metavar="FILE", help="Read keys and settings from it.  [default: .env]"
)
JSON = click.option("--json", "json_wanted", is_flag=True, help="Print one JSON object on stdout.")


def place_options(command: Callable[..., int]) -> Callable[..., int]:
    """Give a click command the options that say where it works."""
    return _PROJECT(_ENV_FILE(command))
