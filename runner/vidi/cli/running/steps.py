"""A run of job files, step by step: check all, price all, refuse or go, one file after another."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from vidi.cli.display.console import Console
from vidi.cli.display.json_answer import describe_answer
from vidi.cli.display.tables import print_estimate
from vidi.cli.running.accounts import lift_budgets, read_money, refuse_by_caps
from vidi.cli.running.job_run import Ticket, plan_tickets, read_settings
from vidi.cli.running.up_to_date import describe_asked
from vidi.errors import FolderLockedError, VidiError
from vidi.runs.execution.signals import heard
from vidi.runs.planning.gate import find_refusals
from vidi.runs.records.folder import JOURNAL, hold_folder
from vidi.runs.records.json_text import render_json

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vidi.cli.options import RunOptions
    from vidi.cli.running.accounts import Money
    from vidi.inference.settings import Settings

WORST_FIRST = (130, 143, 70, 7, 6, 4, 5, 3, 2, 1)
"""Which exit code a command has when its job files ended in different ways."""


def run_job_files(options: RunOptions) -> int:
    """Carry out the runner's command; returns the exit code."""
    console = Console(quiet=options.quiet, verbose=options.verbose)
    settings = read_settings(options)
    money = read_money(options, console)
    with contextlib.ExitStack() as held:
        tickets = plan_tickets(options, settings, held, describe_asked(options, money))
        _report(tickets, console)
        lift_budgets(tickets, money)
        if not _blocked(tickets):
            _refuse(tickets, options)
            refuse_by_caps(tickets, money)
            if options.estimate and not options.json_wanted:
                plans = [(ticket.plan, ticket.rooms) for ticket in tickets if ticket.plan]
                print_estimate(plans, console)
            _report(tickets, console)
        if not options.estimate and not _blocked(tickets):
            _check_keys(tickets, settings)
            _report(tickets, console)
        if not options.estimate and not _blocked(tickets):
            _go(tickets, options, settings, money, console, held)
    if options.json_wanted:
        answer = _render_answer(tickets, options)
        heard.hold()
        console.print_data(answer)
    codes = {ticket.exit_code for ticket in tickets}
    return next((code for code in WORST_FIRST if code in codes), 0)


def _blocked(tickets: Sequence[Ticket]) -> bool:
    return any(ticket.exit_code for ticket in tickets)


def _report(tickets: Sequence[Ticket], console: Console) -> None:
    """Say what has not been said yet about any of the files."""
    for ticket in tickets:
        for error in ticket.errors[ticket.reported :]:
            console.report_error(error)
        ticket.reported = len(ticket.errors)
        if ticket.plan is not None and not ticket.warned:
            console.report_problems(ticket.plan.warnings)
            ticket.warned = True


def _refuse(tickets: Sequence[Ticket], options: RunOptions) -> None:
    for ticket in tickets:
        if ticket.plan is not None:
            for refusal in find_refusals(ticket.plan, frozen=options.frozen):
                ticket.fail(refusal)


def _check_keys(tickets: Sequence[Ticket], settings: Settings) -> None:
    from vidi.runs.planning.credentials import check_credentials

    for ticket in tickets:
        if ticket.plan is not None:
            try:
                check_credentials(ticket.plan, settings)
            except VidiError as error:
                ticket.fail(error)


def _go(
    tickets: Sequence[Ticket],
    options: RunOptions,
    settings: Settings,
    money: Money | None,
    console: Console,
    held: contextlib.ExitStack,
) -> None:
    """Run file after file; after a signal, none is begun."""
    from vidi.cli.running.carry_out import (
        confirm_spending,
        prepare_junit,
        run_ticket,
        write_junit_report,
    )

    if options.junit is not None:
        prepare_junit(options.junit)
    if not confirm_spending(tickets, options, console):
        tickets[0].exit_code = 130
        return
    heard.hold()  # from here on something may have been bought
    for ticket in tickets:
        try:
            if heard.count:
                raise heard.describe(f"stopped before {ticket.path} was begun")
            if not ticket.held:
                _hold_new_folder(ticket, held)
            run_ticket(ticket, options, settings, money, console)
        except VidiError as error:
            ticket.fail(error)
            _report(tickets, console)
    if options.junit is not None:
        try:
            write_junit_report(tickets, options.junit)
        except VidiError as error:
            tickets[-1].fail(error)
            _report(tickets, console)


def _hold_new_folder(ticket: Ticket, held: contextlib.ExitStack) -> None:
    """Hold a folder that was not there when the plan was made."""
    if ticket.plan is None:
        return
    folder = ticket.plan.folder
    held.enter_context(hold_folder(folder))
    if (folder / JOURNAL).exists():
        raise FolderLockedError(
            f"another run has used {folder} since this one was planned",
            hint="Run the same command again: it takes over what is there.",
        )


def _render_answer(tickets: Sequence[Ticket], options: RunOptions) -> str:
    command = "estimate" if options.estimate else "run"
    answers = [
        describe_answer(
            command,
            ticket.path,
            exit_code=ticket.exit_code,
            plan=ticket.plan,
            errors=ticket.errors,
            manifest=ticket.manifest,
            ran=ticket.result,
        )
        for ticket in tickets
    ]
    if len(answers) == 1:
        return render_json(answers[0]).rstrip("\n")
    ok = not _blocked(tickets)
    codes = {ticket.exit_code for ticket in tickets}
    code = next((each for each in WORST_FIRST if each in codes), 0)
    whole = {"schema_version": 1, "command": command, "ok": ok, "exit_code": code, "jobs": answers}
    return render_json(whole).rstrip("\n")
