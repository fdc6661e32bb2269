"""`vidi models refresh`: every template brought up to date with what the providers list."""

from __future__ import annotations

from pathlib import Path

import click

from vidi.cli.models.options import FOLDER, HELP, provider_options

PER_SECOND = 20
"""Replicate takes 50 a second (`ratelimit-remaining: 2999` a minute); fal says no number."""


@click.command("refresh", context_settings=HELP)
@click.option("--provider", type=click.Choice(("replicate", "fal")), help="Only this one's models.")
@click.option(
    "--new/--no-new", "add_new", default=True, show_default=True,
    help="Write templates of models that have none, or only name them.",
)  # fmt: skip
@click.option(
    "--out", type=FOLDER, default=Path("templates"), show_default=True, metavar="DIR",
    help="Where changed and new templates are written.",
)  # fmt: skip
@click.option(
    "--rate", type=click.FloatRange(0.1), default=PER_SECOND, show_default=True, metavar="N",
    help="Questions a second at most, but to this machine.",
)  # fmt: skip
@click.option("--json", "json_wanted", is_flag=True, help="Print one JSON object.")
@provider_options
def refresh_models(
    provider: str | None,
    add_new: bool,
    out: Path,
    rate: float,
    json_wanted: bool,
    sandbox: bool,
    env_file: Path | None,
) -> int:
    """Bring every template up to date, and print a summary in Markdown.

    Schemas, ways of being called, base prices and retirements are written; new models are added
    unpriced. No price row is ever written: what may be a new price is proposed in the summary.
    Killed and begun again, it goes on where it stood and ends with the same result.

    Exit codes: 0 all was read, 1 something could not be, 4 credentials, 7 another one is at work.
    """
    from vidi.cli.models.refreshing.steps import RefreshOptions, refresh

    options = RefreshOptions(provider, add_new, out, rate, json_wanted, sandbox, env_file)
    return refresh(options)
