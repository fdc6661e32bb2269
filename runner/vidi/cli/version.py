"""`--version`: the program's own version, and which registry of models it has."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from vidi.version import __version__

if TYPE_CHECKING:
    from collections.abc import Callable


def version_option(program: str) -> Callable[[Any], Any]:
    """The option `--version` of a program; the registry is looked at when it is asked for."""

    def show(ctx: click.Context, _: click.Parameter, wanted: bool) -> None:
        if wanted and not ctx.resilient_parsing:
            from vidi.inference.models.about import registry_version

            click.echo(f"{program} {__version__} ({registry_version()})")
            ctx.exit()

    return click.option(
        "--version", is_flag=True, is_eager=True, expose_value=False, callback=show,
        help="Show the version, and that of the registry, and exit.",
    )  # fmt: skip
