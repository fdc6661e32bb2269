"""`vidi models pull`: a template from the provider's own schema."""

from __future__ import annotations

from pathlib import Path

import click

from vidi.cli.completing import complete_models
from vidi.cli.models.options import FOLDER, HELP, provider_options


@click.command("pull", context_settings=HELP)
@click.argument("model_id", shell_complete=complete_models)
@click.option(
    "--templates",
    type=FOLDER,
    default=Path("templates"),
    show_default=True,
    metavar="DIR",
    help="Where the template is written.",
)
@click.option("-y", "--yes", is_flag=True, help="Write without asking.")
@click.option("--json", "json_wanted", is_flag=True, help="Print one JSON object.")
@provider_options
def pull_model(
    model_id: str,
    templates: Path,
    yes: bool,
    json_wanted: bool,
    sandbox: bool,
    env_file: Path | None,
) -> int:  # fmt: skip
    """Make or refresh the template of replicate/OWNER/NAME or fal/ENDPOINT.

    What has changed is shown first. Price rows are never changed, at most one is added; prose and
    sources stay. A param that is gone is still accepted in job files, warned of and dropped.
    """
    from vidi.cli.models.pulling.steps import PullOptions, pull

    return pull(model_id, PullOptions(templates, yes, json_wanted, sandbox, env_file))
