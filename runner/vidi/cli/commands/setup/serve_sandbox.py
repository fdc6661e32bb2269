"""The sandbox served on a port until it is stopped."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from vidi.cli.display.console import Console
from vidi.cli.listening import listen
from vidi.cli.running.job_run import open_registry
from vidi.sandbox.app import create_app
from vidi.sandbox.faults import load_faults
from vidi.sandbox.serving.addresses import sandbox_environment
from vidi.sandbox.serving.server import build_server

if TYPE_CHECKING:
    from collections.abc import Mapping


def serve_sandbox(
    host: str, port: int, *, latency: float, faults: Path | None, templates: Path | None
) -> int:
    """Serve until interrupted; the settings are printed once the port is open.

    Raises:
        UsageError: The port is taken, or the fault plan is wrong.
    """
    registry = open_registry(Path(), templates.resolve() if templates else None)
    plan = load_faults(faults) if faults else None
    app = create_app(registry, latency=latency, faults=plan)
    listener = listen(host, port)
    address = f"http://{host}:{listener.getsockname()[1]}"
    _print_settings(sandbox_environment(address))
    build_server(app, host=host, port=port).run(sockets=[listener])
    return 0


def _print_settings(settings: Mapping[str, str]) -> None:
    console = Console()
    for name, value in settings.items():
        console.print_data(f"export {name}={value}")
    console.say("serving both providers; Ctrl-C stops")
