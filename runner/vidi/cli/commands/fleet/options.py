"""The options that commands about fleets share."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import click

from vidi.cli.options import FILE, FOLDER

if TYPE_CHECKING:
    from collections.abc import Callable

_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


class Duration(click.ParamType["float"]):
    """A time such as 10m, in seconds."""

    name = "time"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        """Read a time such as 30s, 10m or 2h; a bare number is seconds."""
        found = re.fullmatch(r"(\d{1,7}(?:\.\d{1,3})?)([smhd]?)", str(value).strip())
        if found is None:
            self.fail(f"'{value}' is not a time such as 30s, 10m or 2h", param, ctx)
        return float(found[1]) * _SECONDS[found[2] or "s"]


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
