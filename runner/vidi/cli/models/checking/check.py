"""`vidi models check`: templates against their own rules, and against their providers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from vidi.cli.completing import complete_models
from vidi.cli.models.options import FILE, HELP, provider_options, registry_options

if TYPE_CHECKING:
    from pathlib import Path

STALE_DAYS = 180
"""As estimates mark them; written out, for the import would slow down the help."""


@click.command("check", context_settings=HELP)
@click.argument("model_ids", nargs=-1, metavar="[MODEL_ID]...", shell_complete=complete_models)
@click.option("--job", type=FILE, metavar="FILE", help="Only the models that a job file names.")
@click.option("--live", is_flag=True, help="Ask the providers, too, what has changed.")
@click.option(
    "--stale-days",
    type=click.IntRange(0),
    default=STALE_DAYS,
    show_default=True,
    metavar="N",
    help="Warn of prices that nobody has looked at for longer.",
)
@provider_options
@registry_options
def check_models(
    model_ids: tuple[str, ...],
    job: Path | None,
    live: bool,
    stale_days: int,
    sandbox: bool,
    env_file: Path | None,
    templates: Path | None,
    json_wanted: bool,
) -> int:  # fmt: skip
    """Check templates: their form, example, price and dates; all of them, unless some are named.

    Prices that are old, of low confidence or of one witness only are warned of, and endpoints of
    fal without a base price. With --live (or --sandbox) the providers are asked whether each model
    still exists, is called as before, takes the same params (types, limits, values, defaults, at
    any depth), has the same output and the same base price; nothing is bought.

    Exit codes: 0 right, 1 something changed or could not be asked, 2 a template is wrong,
    4 credentials.
    """
    from vidi.cli.models.checking.report import Checks, ask_for_news, print_checks, select_templates

    verdicts = select_templates(model_ids, job, templates, stale_days)
    news = None
    if live or sandbox:
        news = ask_for_news(verdicts, sandbox=sandbox, env_file=env_file, templates=templates)
    return print_checks(Checks(verdicts, news), json_wanted=json_wanted)
