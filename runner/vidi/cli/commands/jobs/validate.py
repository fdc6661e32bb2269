"""`vidi validate`: check job files and say nothing about prices."""

from __future__ import annotations

import contextlib
from typing import Any

import click

from vidi.cli.options import RunOptions, run_options


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@run_options
def validate(**options: Any) -> int:
    """Check job files: every mistake with its line, nothing sent, nothing written."""
    from vidi.cli.display.console import Console
    from vidi.cli.display.json_answer import describe_answer
    from vidi.cli.running.job_run import plan_tickets, read_settings
    from vidi.runs.records.json_text import render_json

    chosen = RunOptions(**{**options, "estimate": True})
    console = Console(quiet=chosen.quiet, verbose=chosen.verbose)
    with contextlib.ExitStack() as held:
        tickets = plan_tickets(chosen, read_settings(chosen), held)
    for ticket in tickets:
        for error in ticket.errors:
            console.report_error(error)
        if ticket.plan is not None:
            console.report_problems(ticket.plan.warnings)
            count = len(ticket.plan.inferences)
            console.tell(
                f"{ticket.path}: {count} inference{'' if count == 1 else 's'}, no mistakes"
            )
    code = max(ticket.exit_code for ticket in tickets)
    if chosen.json_wanted:
        answers = [
            describe_answer(
                "validate",
                ticket.path,
                exit_code=ticket.exit_code,
                plan=ticket.plan,
                errors=ticket.errors,
            )
            for ticket in tickets
        ]
        whole = {"schema_version": 1, "command": "validate", "ok": not code, "exit_code": code}
        one = answers[0] if len(answers) == 1 else {**whole, "jobs": answers}
        console.print_data(render_json(one).rstrip("\n"))
    return code
