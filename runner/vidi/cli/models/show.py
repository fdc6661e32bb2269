"""`vidi models show`: everything about one model."""

from __future__ import annotations

from pathlib import Path

import click

from vidi.cli.completing import complete_models
from vidi.cli.models.options import HELP, registry_options


@click.command("show", context_settings=HELP)
@click.argument("model_id", shell_complete=complete_models)
@registry_options
def show_model(model_id: str, templates: Path | None, json_wanted: bool) -> int:
    """Show one model: its parameters, its price worked out, its sources, an entry to paste."""
    from vidi.cli.display.console import Console
    from vidi.cli.models.page import describe_model, model_as_json
    from vidi.cli.running.job_run import open_registry
    from vidi.runs.records.json_text import render_json

    model = open_registry(Path(), templates).get_template(model_id)
    console = Console()
    if json_wanted:
        console.print_data(render_json(model_as_json(model)).rstrip("\n"))
    else:
        console.print_data(describe_model(model))
    return 0
