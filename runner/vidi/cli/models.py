"""`vidi models`: the registry, read aloud."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from vidi.inference.models.template import ModelInfo

TYPES = ("image", "video", "audio", "text", "3d", "json")


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def models() -> None:
    """List, search, show and check the models that job files may name."""


def _registry_options(command: Callable[..., int]) -> Callable[..., int]:
    folder = click.Path(file_okay=False, path_type=Path)
    options = (
        click.option("--templates", type=folder, metavar="DIR", help="Templates that come first."),
        click.option("--json", "json_wanted", is_flag=True, help="Print one JSON object."),
    )
    for option in reversed(options):
        command = option(command)
    return command


@models.command("list")
@click.option("--provider", type=click.Choice(["replicate", "fal"]), help="Only this provider's.")
@click.option("--category", metavar="NAME", help="Only this category, such as text-to-image.")
@click.option("--type", "output_type", type=click.Choice(TYPES), help="Only what makes this.")
@_registry_options
def list_models(
    provider: str | None,
    category: str | None,
    output_type: str | None,
    templates: Path | None,
    json_wanted: bool,
) -> int:
    """List every model, a line each."""
    chosen = [
        model
        for model in _read_models(templates)
        if provider in (None, model.provider)
        and category in (None, model.category)
        and output_type in (None, model.output_type)
    ]
    return _print_models(chosen, "models list", json_wanted)


@models.command("search")
@click.argument("words", nargs=-1, required=True)
@_registry_options
def search_models(words: tuple[str, ...], templates: Path | None, json_wanted: bool) -> int:
    """List the models whose id, title or category has every word."""
    chosen = [
        model
        for model in _read_models(templates)
        if all(
            word.casefold() in f"{model.id} {model.title} {model.category}".casefold()
            for word in words
        )
    ]
    return _print_models(chosen, "models search", json_wanted)


@models.command("show")
@click.argument("model_id")
@_registry_options
def show_model(model_id: str, templates: Path | None, json_wanted: bool) -> int:
    """Show one model: its parameters, its price, its sources, and an entry to paste."""
    from vidi.cli.console import Console
    from vidi.cli.model_page import describe_model, model_as_json
    from vidi.cli.ticket import open_registry
    from vidi.runs.json_text import render_json

    model = open_registry(Path(), templates).get_template(model_id)
    console = Console()
    if json_wanted:
        console.print_data(render_json(model_as_json(model)).rstrip("\n"))
    else:
        console.print_data(describe_model(model))
    return 0


@models.command("check")
@_registry_options
def check_models(templates: Path | None, json_wanted: bool) -> int:
    """Check every template: its form, its example, its price."""
    from vidi.cli.console import Console
    from vidi.cli.model_check import check_templates
    from vidi.cli.ticket import open_registry
    from vidi.runs.json_text import render_json

    found = check_templates(open_registry(Path(), templates))
    console = Console()
    wrong = {name: problems for name, problems in found.items() if problems}
    if json_wanted:
        answer = {
            "schema_version": 1,
            "command": "models check",
            "ok": not wrong,
            "exit_code": 2 if wrong else 0,
            "models": len(found),
            "errors": [{"id": name, "problems": problems} for name, problems in wrong.items()],
        }
        console.print_data(render_json(answer).rstrip("\n"))
    for name, problems in wrong.items():
        for problem in problems:
            console.say(f"{name}: {problem}", style="red")
    console.say(f"{len(found) - len(wrong)} of {len(found)} templates are right")
    return 2 if wrong else 0


def _read_models(templates: Path | None) -> list[ModelInfo]:
    from vidi.cli.ticket import open_registry

    return open_registry(Path(), templates).list_models()


def _print_models(chosen: Sequence[ModelInfo], command: str, json_wanted: bool) -> int:
    from vidi.cli.console import Console
    from vidi.runs.json_text import render_json

    console = Console()
    if json_wanted:
        rows: list[dict[str, Any]] = [
            {
                "id": model.id,
                "title": model.title,
                "category": model.category,
                "output_type": str(model.output_type),
            }
            for model in chosen
        ]
        answer = {"schema_version": 1, "command": command, "ok": True, "exit_code": 0}
        console.print_data(render_json({**answer, "models": rows}).rstrip("\n"))
        return 0
    width = max((len(model.id) for model in chosen), default=0)
    for model in chosen:
        console.print_data(f"{model.id:<{width}}  {model.output_type:<6}  {model.category}")
    console.say(f"{len(chosen)} model{'' if len(chosen) == 1 else 's'}")
    return 0
