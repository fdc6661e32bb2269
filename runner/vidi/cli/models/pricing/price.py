"""`vidi models price`: one more price row, read on a page by a person."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from vidi.cli.completing import complete_models
from vidi.cli.models.options import FOLDER, HELP
from vidi.cli.options import Dollars

if TYPE_CHECKING:
    from decimal import Decimal


@click.command("price", context_settings=HELP)
@click.argument("model_id", shell_complete=complete_models)
@click.option(
    "--per", nargs=2, type=(str, Dollars()), required=True, metavar="UNIT USD",
    help="What one unit costs, such as --per second 0.3034.",
)  # fmt: skip
@click.option(
    "--when", multiple=True, metavar="TEST",
    help="Only for such params: resolution=720p, 'duration<=5', image=present.",
)  # fmt: skip
@click.option("--source", required=True, metavar="URL", help="The page where it was read.")
@click.option("--witness", default="", metavar="URL", help="A second source that says the same.")
@click.option(
    "--from", "since", type=click.DateTime(["%Y-%m-%d"]), metavar="DATE",
    help="The first day that it holds.  [default: today]",
)  # fmt: skip
@click.option("--label", default="", metavar="TEXT", help="The line, where several fit.")
@click.option(
    "--templates", type=FOLDER, default=Path("templates"), show_default=True, metavar="DIR",
    help="Where the template is written.",
)  # fmt: skip
@click.option("-y", "--yes", is_flag=True, help="Write without asking.")
@click.option("--json", "json_wanted", is_flag=True, help="Print one JSON object.")
def price_model(
    model_id: str,
    per: tuple[str, Decimal],
    when: tuple[str, ...],
    source: str,
    witness: str,
    since: object,
    label: str,
    templates: Path,
    yes: bool,
    json_wanted: bool,
) -> int:
    """Append a price row to a template, and show its example before and after.

    The row before is taken over with this one rate changed or added, and stays as it is: what was
    bought while it held keeps its price.
    """
    from vidi.cli.models.pricing.steps import PriceOptions, append_price

    options = PriceOptions(
        per[0], per[1], when, source, witness, since, label, templates, yes, json_wanted
    )  # fmt: skip
    return append_price(model_id, options)
