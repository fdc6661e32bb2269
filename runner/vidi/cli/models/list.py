"""`vidi models list` and `search`: a line for each model."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from vidi.cli.models.options import HELP, registry_options
from vidi.cli.options import Dollars

if TYPE_CHECKING:
    from decimal import Decimal
    from pathlib import Path

TYPES = ("image", "video", "audio", "text", "3d", "json", "file")


def _check_provider(_: click.Context, __: click.Parameter, name: str | None) -> str | None:
    """See that there is such a provider; plug-ins are only looked for where one is named."""
    from vidi.inference.models.provider_names import is_provider, provider_names

    if name is not None and not is_provider(name):
        raise click.BadParameter(f"{name!r} is not one of {', '.join(provider_names())}.")
    return name


@click.command("list", context_settings=HELP)
@click.option(
    "--provider", metavar="NAME", callback=_check_provider, help="Only this provider's models."
)
@click.option("--category", metavar="NAME", help="Only this category, such as text-to-image.")
@click.option("--type", "output_type", type=click.Choice(TYPES), help="Only what makes this.")
@click.option(
    "--max-price",
    type=Dollars(),
    metavar="USD",
    help="Only those whose example costs at most this.",
)
@registry_options
def list_models(
    provider: str | None,
    category: str | None,
    output_type: str | None,
    max_price: Decimal | None,
    templates: Path | None,
    json_wanted: bool,
) -> int:  # fmt: skip
    """List models, a line each, with the price of the example that `show` prints."""
    from vidi.cli.models.files import read_models
    from vidi.cli.models.table import price_models, print_models

    chosen = [
        model
        for model in read_models(templates)
        if provider in (None, model.provider)
        and category in (None, model.category)
        and output_type in (None, model.output_type)
    ]
    priced = price_models(chosen)
    if max_price is not None:
        priced = [each for each in priced if each.high is not None and each.high <= max_price]
    return print_models(priced, "models list", json_wanted=json_wanted)


@click.command("search", context_settings=HELP)
@click.argument("words", nargs=-1, required=True)
@click.option("--type", "output_type", type=click.Choice(TYPES), help="Only what makes this.")
@click.option(
    "--max-price",
    type=Dollars(),
    metavar="USD",
    help="Only those whose example costs at most this.",
)
@click.option(
    "--has", "params", multiple=True, metavar="PARAM", help="Only those with this parameter."
)
@registry_options
def search_models(
    words: tuple[str, ...],
    output_type: str | None,
    max_price: Decimal | None,
    params: tuple[str, ...],
    templates: Path | None,
    json_wanted: bool,
) -> int:  # fmt: skip
    """Find models by what they are called or make, the best answer first.

    Such as `nano banana pro`, `cheap video`, `text to speech`, `voice german`.
    """
    from vidi.cli.models.files import read_models
    from vidi.cli.models.ranking import rank_models
    from vidi.cli.models.table import print_models

    chosen = [
        model
        for model in read_models(templates)
        if output_type in (None, model.output_type)
        and all(name in model.params["properties"] for name in params)
    ]
    found = rank_models(chosen, words)
    if max_price is not None:
        found = [each for each in found if each.high is not None and each.high <= max_price]
    return print_models(found, "models search", json_wanted=json_wanted)
