"""`vidi sandbox`: the emulation of both providers, for other programs."""

from __future__ import annotations

from pathlib import Path

import click


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=8765,
    show_default=True,
    help="Port to listen on; 0 takes a free one.",
)
@click.option(
    "--latency",
    type=click.FloatRange(0),
    default=0.0,
    show_default=True,
    metavar="SECONDS",
    help="How long an inference takes.",
)
@click.option(
    "--faults",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    metavar="FILE",
    help="A fault plan (JSON): what goes wrong, and when.",
)
@click.option(
    "--templates",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    metavar="DIR",
    help="Model templates that come before vidi's own.",
)
def sandbox(
    host: str, port: int, latency: float, faults: Path | None, templates: Path | None
) -> int:  # fmt: skip
    """Serve Replicate's and fal's HTTP APIs on one port: real media, no cost.

    Prints the settings that point vidi, or the official SDKs, at it.
    """
    from vidi.cli.commands.setup.serve_sandbox import serve_sandbox

    return serve_sandbox(host, port, latency=latency, faults=faults, templates=templates)
