"""`vidi doctor`: whether this machine is ready for a real run."""

from __future__ import annotations

import platform
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

import click

from vidi.cli.options import FOLDER
from vidi.version import __version__

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from vidi.cli.commands.setup.checkup.findings import Finding
    from vidi.inference.settings import Settings

LIBRARIES = ("replicate", "fal-client", "httpx", "pillow", "av")


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("folder", required=False, type=FOLDER)
@click.option(
    "--save",
    type=FOLDER,
    metavar="DIR",
    help="Write a copy of FOLDER to DIR, with what can be saved of its journal.",
)
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
@click.option("--live", is_flag=True, help="Ask each provider who we are; costs nothing.")
def doctor(
    folder: Path | None, save: Path | None, project: Path, env_file: Path | None, live: bool
) -> int:  # fmt: skip
    """Check versions, keys, settings, caps, ledger, templates and prices; costs nothing.

    Without --live it asks no provider. Exit 0 when the providers that the project's jobs use have
    keys (without jobs: every provider), 4 when one has none or refuses it.

    Of an output FOLDER instead: which lines of its journal are whole, and what can be saved where
    one is not. FOLDER is never changed. Exit 0 when all are whole, 1 when not; with --save 0 when
    the copy is written, 6 when something in it is in doubt.
    """
    from vidi.cli.display.console import Console

    if folder is not None:
        from vidi.cli.commands.setup.checkup.folder import check_folder

        return check_folder(folder, save, Console())
    if save is not None:
        raise click.UsageError("--save goes with an output FOLDER")
    from vidi.inference.environment import read_environment
    from vidi.inference.settings import Settings

    console = Console()
    environ = read_environment(project, env_file)
    settings = Settings.from_environment(environ)
    code = 0
    for finding in _look(project, environ, settings, live=live):
        console.print_data(finding.text)
        if finding.hint:
            console.say(f"  hint: {finding.hint}")
        code = code or finding.exit_code
    ready = "ready" if code == 0 else "not ready: see the hints"
    console.say(ready, style="red" if code else "green")
    return code


def _look(
    project: Path, environ: Mapping[str, str], settings: Settings, *, live: bool
) -> Iterator[Finding]:
    from vidi.cli.commands.setup.checkup.database import check_database, check_extras
    from vidi.cli.commands.setup.checkup.findings import Finding
    from vidi.cli.commands.setup.checkup.money import check_money
    from vidi.cli.commands.setup.checkup.project import (
        check_addresses,
        check_clock,
        check_jobs,
        check_keys,
        check_prices,
        check_store,
    )
    from vidi.cli.commands.setup.checkup.used import find_used_models
    from vidi.cli.running.job_run import open_registry

    yield Finding(f"vidi {__version__}, python {platform.python_version()}")
    yield Finding("  ".join(f"{name} {version(name)}" for name in LIBRARIES))
    yield from check_extras()
    registry = open_registry(project, None)
    yield Finding(f"templates: {len(registry.list_models())} models")
    used = find_used_models(project)
    yield from check_addresses(settings)
    yield from check_money(project, environ)
    yield from check_database(environ)
    yield from check_store(project, environ)
    yield from check_clock()
    yield from check_jobs(used)
    yield from check_prices(registry, used)
    yield from check_keys(settings, used)
    if live:
        from vidi.cli.commands.setup.checkup.live import ask_live

        yield from ask_live(settings)
