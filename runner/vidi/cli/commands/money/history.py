"""`vidi history`: the runs that the ledger knows."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from vidi.cli.options import JSON
from vidi.errors import UsageError

if TYPE_CHECKING:
    from vidi.cli.display.console import Console
    from vidi.inference.tracking.ledger.reading import PastRun


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--limit",
    type=click.IntRange(1),
    default=20,
    metavar="N",
    help="How many, the last one first.  [default: 20]",
)
@JSON
@click.option("--csv", "csv_wanted", is_flag=True, help="Print CSV on stdout.")
def history(limit: int, json_wanted: bool, csv_wanted: bool) -> int:
    """List the latest runs: when, which job file, into which folder, for how much."""
    from vidi.cli.display.console import Console
    from vidi.cli.running.accounts import open_existing, refusing_unusable
    from vidi.inference.environment import read_environment
    from vidi.inference.tracking.ledger.address import find_ledger

    if json_wanted and csv_wanted:
        raise UsageError("--json and --csv exclude each other", hint="Ask for one of them.")
    past: list[PastRun] = []
    with refusing_unusable(), open_existing(find_ledger(read_environment(Path(), None))) as ledger:
        if ledger is not None:
            from vidi.inference.tracking.ledger.reading import read_history

            past = ledger.do(read_history(limit))
    console = Console()
    if json_wanted:
        _print_json(past, console)
    else:
        _print_rows(past, console, csv_wanted=csv_wanted)
    return 0


def _print_json(past: list[PastRun], console: Console) -> None:
    from vidi.runs.records.json_text import render_json

    rows = [
        {
            "id": each.run,
            "started_at": each.started_at.isoformat(timespec="milliseconds"),
            "job_file": each.job,
            "output_dir": each.folder,
            "inferences": each.inferences,
            "cost_usd": each.cost,
            "in_doubt_usd": each.in_doubt,
        }
        for each in past
    ]
    answer = {"schema_version": 1, "command": "history", "ok": True, "exit_code": 0, "runs": rows}
    console.print_data(render_json(answer).rstrip("\n"))


def _print_rows(past: list[PastRun], console: Console, *, csv_wanted: bool) -> None:
    from vidi.cli.display.columns import align, render_csv
    from vidi.dollars import format_amount, format_usd
    from vidi.runs.records.figures import format_time

    form = format_amount if csv_wanted else format_usd
    rows = [
        (
            each.run,
            each.started_at.isoformat(timespec="seconds")
            if csv_wanted
            else format_time(each.started_at.isoformat()),
            each.job,
            each.folder,
            str(each.inferences),
            form(each.cost),
            form(each.in_doubt),
        )
        for each in past
    ]
    if csv_wanted:
        names = ("id", "started_at", "job_file", "output_dir")
        heading = (*names, "inferences", "cost_usd", "in_doubt_usd")
        console.print_data(render_csv([heading, *rows]))
    elif not rows:
        console.say("no run is known")
    else:
        heading = ("run", "began", "job file", "folder", "inferences", "cost", "in doubt")
        for line in align([heading, *rows], right=frozenset({4, 5, 6})):
            console.print_data(line)
