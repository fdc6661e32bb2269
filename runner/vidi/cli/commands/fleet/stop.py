"""`vidi stop`: nothing new is bought of a fleet's job."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from vidi.cli.options import ENV_FILE, JSON, PROJECT

if TYPE_CHECKING:
    from pathlib import Path


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("job", metavar="JOB")
@click.option("--cancel", is_flag=True, help="Ask the providers to cancel what is under way, too.")
@PROJECT
@ENV_FILE
@JSON
def stop(
    job: str, cancel: bool, project: Path, env_file: Path | None, json_wanted: bool
) -> int:  # fmt: skip
    """Buy nothing new of JOB: its workers finish what is under way, and fetch it.

    JOB is the name that `vidi-run --fleet` says, or the job file. `vidi-run JOB_FILE --fleet`
    resumes it.
    """
    from vidi.cli.display.console import Console
    from vidi.cli.running.fleet.asking import cancel_what_is_left, open_job
    from vidi.inference.tracking.fleet.states import stop_destination
    from vidi.runs.records.json_text import render_json

    console = Console(json_wanted=json_wanted)
    with open_job(job, project, env_file) as asked:
        name = asked.destination.journal
        running = asked.ledger.do(stop_destination(name, cancel=cancel))
        if cancel:
            cancel_what_is_left(asked, project)
        answer, lines = asked.describe(command="stop", also={"was_running": running})
    if json_wanted:
        console.print_data(render_json(answer).rstrip("\n"))
        return 0
    console.say(f"{name} is stopping" if running else f"{name} was not running")
    for line in lines:
        console.print_data(line)
    return 0
