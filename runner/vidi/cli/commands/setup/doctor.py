"""`vidi doctor`: whether this machine is ready for a real run."""

from __future__ import annotations

import platform
from importlib.metadata import version
from pathlib import Path

import click

from vidi.version import __version__

LIBRARIES = ("replicate", "fal-client", "httpx", "pillow", "av")


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "-C",
    "--project",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    default=Path(),
    metavar="DIR",
    help="Folder of the project.  [default: this one]",
)
@click.option(
    "--env-file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Read keys and settings from it.  [default: .env]",
)
def doctor(project: Path, env_file: Path | None) -> int:  # fmt: skip
    """Check versions, keys, settings and templates; asks no provider, costs nothing.

    Exit 0 when every provider has a key, 4 when one has none.
    """
    from vidi.cli.display.console import Console
    from vidi.cli.running.job_run import open_registry
    from vidi.inference.environment import read_environment
    from vidi.inference.settings import KEYS, PROVIDER_URLS, Settings
    from vidi.inference.tracking.ledger.address import locate_ledger

    console = Console()
    environ = read_environment(project, env_file)
    settings = Settings.from_environment(environ)
    console.print_data(f"vidi {__version__}, python {platform.python_version()}")
    console.print_data("  ".join(f"{name} {version(name)}" for name in LIBRARIES))
    console.print_data(f"templates: {len(open_registry(project, None).list_models())} models")
    for setting, url in settings.urls.items():
        if url != PROVIDER_URLS[setting]:
            console.print_data(f"{setting} is {url}")
    console.print_data(f"ledger: {_describe_ledger(locate_ledger(environ))}")
    for provider, variable in KEYS.items():
        there = "is set" if provider in settings.keys else "is not set"
        console.print_data(f"{provider}: {variable} {there}")
    return 0 if len(settings.keys) == len(KEYS) else 4


def _describe_ledger(address: str | None) -> str:
    """Where it is and whether it can be read."""
    from vidi.cli.running.accounts import open_existing
    from vidi.errors import StorageError, UsageError

    if address is None:
        return "none (VIDI_COSTS=off)"
    try:
        with open_existing(address) as ledger:
            return f"{address} (made by the first run)" if ledger is None else ledger.where
    except (StorageError, UsageError) as error:
        return error.message
