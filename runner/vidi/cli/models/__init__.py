"""`vidi models`: the registry, read aloud, checked, and brought up to date."""

from __future__ import annotations

import click

from vidi.cli.models.checking.check import check_models
from vidi.cli.models.list import list_models, search_models
from vidi.cli.models.options import HELP
from vidi.cli.models.pricing.price import price_model
from vidi.cli.models.pulling.pull import pull_model
from vidi.cli.models.refreshing.refresh import refresh_models
from vidi.cli.models.registry.pack import pack_registry
from vidi.cli.models.registry.update import update_registry
from vidi.cli.models.show import show_model


@click.group(context_settings=HELP)
def models() -> None:
    """List, search, show, check, pull, price and refresh the models that job files may name."""


for command in (
    list_models,
    search_models,
    show_model,
    check_models,
    pull_model,
    price_model,
    refresh_models,
    update_registry,
    pack_registry,
):
    models.add_command(command)
