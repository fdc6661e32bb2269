"""`vidi costs`: what has been spent, by model, provider, time, run, job file, tag or folder."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from vidi.cli.options import JSON
from vidi.errors import UsageError
from vidi.inference.tracking.caps import LEDGER_GROUPINGS

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime
    from decimal import Decimal

    from vidi.cli.display.console import Console
    from vidi.inference.tracking.caps import LedgerGrouping
    from vidi.inference.tracking.ledger.reading import Costs, Span

DAY = click.DateTime(["%Y-%m-%d"])


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--by",
    type=click.Choice(LEDGER_GROUPINGS),
    default="model",
    help="Sum by this.  [default: model]",
)
@click.option("--since", type=DAY, metavar="DATE", help="From this day on (UTC).")
@click.option("--until", type=DAY, metavar="DATE", help="Up to and with this day (UTC).")
@click.option(
    "--drift", "drift_wanted", is_flag=True, help="Models whose bills lie beyond their price rules."
)
@click.option(
    "--audit",
    "audit_wanted",
    is_flag=True,
    help="Compare a month with what fal.ai says it billed (takes an admin key).",
)
@JSON
@click.option("--csv", "csv_wanted", is_flag=True, help="Print CSV on stdout.")
def costs(
    by: LedgerGrouping,
    since: datetime | None,
    until: datetime | None,
    drift_wanted: bool,
    audit_wanted: bool,
    json_wanted: bool,
    csv_wanted: bool,
) -> int:
    """Sum up the ledger: all spending of all runs, estimates against actual costs.

    Days, weeks and months are UTC's; a purchase counts where it was made. What is in doubt, or
    still running, may still be billed: it counts at its high estimate, apart from what is spent.
    """
    from vidi.cli.display.console import Console
    from vidi.inference.environment import read_environment
    from vidi.inference.tracking.ledger.address import find_ledger

    if json_wanted and csv_wanted:
        raise UsageError("--json and --csv exclude each other", hint="Ask for one of them.")
    if drift_wanted or audit_wanted:
        if csv_wanted or (drift_wanted and audit_wanted):
            raise UsageError(
                "--drift, --audit and --csv exclude each other", hint="Ask for one of them."
            )
        return _look_into(
            _make_span(since, until), json_wanted=json_wanted, audit_wanted=audit_wanted
        )
    groupings = LEDGER_GROUPINGS if json_wanted else tuple({"model": None, by: None})
    address = find_ledger(read_environment(Path(), None))
    sums = _sum_up(address, groupings, _make_span(since, until))
    console = Console()
    if json_wanted:
        _print_json(sums, console)
    else:
        _print_rows(by, sums, console, csv_wanted=csv_wanted)
        _tell_drift(address, console)
    return 0


def _sum_up(
    address: str, groupings: tuple[LedgerGrouping, ...], span: Span
) -> dict[LedgerGrouping, list[Costs]]:
    """The rows of each grouping; none where there is no ledger yet."""
    from vidi.cli.running.accounts import open_existing, refusing_unusable
    from vidi.inference.tracking.ledger.reading import read_costs

    with refusing_unusable(), open_existing(address) as ledger:
        if ledger is None:
            return {grouping: [] for grouping in groupings}
        return {grouping: ledger.do(read_costs(grouping, span)) for grouping in groupings}


def _tell_drift(address: str, console: Console) -> None:
    from vidi.cli.commands.money.drift import group_drift, tell_drift
    from vidi.inference.tracking.ledger.bills import read_beyond

    tell_drift(group_drift(read_beyond(address)), console)


def _look_into(span: Span, *, json_wanted: bool, audit_wanted: bool) -> int:
    """Set what was billed beside what was expected, or beside what is booked."""
    from vidi.cli.commands.money.audit import ask_fal, compare, pick_days, print_audit
    from vidi.cli.commands.money.drift import group_drift, print_drift
    from vidi.cli.display.console import Console
    from vidi.cli.running.accounts import open_existing
    from vidi.inference.environment import read_environment
    from vidi.inference.tracking.ledger.address import find_ledger
    from vidi.inference.tracking.ledger.bills import read_beyond

    console, address = Console(), find_ledger(read_environment(Path(), None))
    if not audit_wanted:
        print_drift(group_drift(read_beyond(address)), console, json_wanted=json_wanted)
        return 0
    from vidi.inference.tracking.ledger.reading import read_costs

    days = pick_days(span)
    billed = ask_fal(days)
    with open_existing(address) as ledger:
        costs = ledger.do(read_costs("model", days)) if ledger is not None else []
    print_audit(compare(costs, billed), days, console, json_wanted=json_wanted)
    return 0


def _make_span(since: datetime | None, until: datetime | None) -> Span:
    from vidi.inference.tracking.ledger.reading import Span

    return Span(since.date() if since else None, until.date() if until else None)


def _print_json(sums: dict[LedgerGrouping, list[Costs]], console: Console) -> None:
    from vidi.runs.records.json_text import render_json

    models = sums["model"]
    answer: dict[str, object] = {
        "schema_version": 1,
        "total_usd": sum(row.actual for row in models),
        "in_doubt_usd": sum(row.in_doubt for row in models),
        "by": {name: {row.name: row.actual for row in rows} for name, rows in sums.items()},
    }
    console.print_data(render_json(answer).rstrip("\n"))


def _print_rows(
    by: LedgerGrouping,
    sums: dict[LedgerGrouping, list[Costs]],
    console: Console,
    *,
    csv_wanted: bool,
) -> None:
    from vidi.cli.display.columns import align, render_csv
    from vidi.dollars import format_amount, format_usd

    rows = sums[by]
    if csv_wanted:
        table = [(str(by), "attempts", "estimated_usd", "actual_usd", "in_doubt_usd")]
        table += [_describe(row, format_amount) for row in rows]
        console.print_data(render_csv(table))
        return
    if not rows:
        console.say("nothing has been bought")
        return
    from vidi.inference.tracking.ledger.reading import sum_costs

    table = [(str(by), "attempts", "estimated", "actual", "in doubt")]
    total = sum_costs(sums["model"])  # what has two tags is in two rows, and is spent once
    table += [_describe(row, format_usd) for row in [*rows, total]]
    for line in align(table, right=frozenset({1, 2, 3, 4})):
        console.print_data(line)


def _describe(row: Costs, form: Callable[[Decimal], str]) -> tuple[str, str, str, str, str]:
    return (row.name, str(row.attempts), form(row.estimated), form(row.actual), form(row.in_doubt))
