"""The options that every command of `vidi store` has, and the store that they name."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from vidi.cli.options import FILE, FOLDER, JSON

if TYPE_CHECKING:
    from collections.abc import Callable

    from vidi.inference.store.store import PurchaseStore

_OPTIONS = (
    click.option("-C", "--project", type=FOLDER, default=Path(), metavar="DIR",
                 help="Folder whose vidi.toml names the store.  [default: this one]"),
    click.option("--env-file", type=FILE, metavar="FILE",
                 help="Read settings from it.  [default: .env]"),
    click.option("--sandbox", is_flag=True, help="What the sandbox made, not the real ones."),
    JSON,
)  # fmt: skip


def store_options(command: Callable[..., int]) -> Callable[..., int]:
    """Give a click command the options of `vidi store`."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def find_store(project: Path, env_file: Path | None, *, sandbox: bool) -> PurchaseStore:
    """Open the store of a project.

    Raises:
        UsageError: None is set, or its address is none.
    """
    from vidi.errors import UsageError
    from vidi.inference.environment import read_environment
    from vidi.inference.store.address import open_store
    from vidi.inference.tracking.project import read_project

    environ = read_environment(project, env_file)
    setting = read_project(project, environ).store
    store = open_store(setting, project, environ, sandbox=sandbox)
    if store is None:
        raise UsageError(
            "no store is set",
            hint='Set VIDI_STORE, or write store = "DIR or s3://bucket/prefix" into vidi.toml.',
        )
    return store
