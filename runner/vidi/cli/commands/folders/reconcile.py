"""`vidi reconcile`: find out what became of the inferences that are in doubt."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from vidi.cli.options import (
    ENV_FILE,
    FLEET,
    JSON,
    MADE_IN,
    PROJECT,
    SANDBOX,
    TEMPLATES,
    Duration,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vidi.cli.commands.folders.reconcile_folder import DoubtfulInference
    from vidi.cli.display.console import Console
    from vidi.runs.execution.reconciliation import Finding
    from vidi.runs.execution.repricing import CostFinding

IN_DOUBT = 6
LONG_AGO_S = 600.0
"""How old a doubt is, where nothing is said, before a rule settles it."""


PAID = click.option(
    "--paid",
    multiple=True,
    metavar="ID=REQUEST_ID",
    help="This one was bought: the provider has it under that id.",
)
NOT_PAID = click.option(
    "--not-paid",
    multiple=True,
    metavar="ID",
    help="This one was not bought: the next run may buy it.",
)
COSTS = click.option(
    "--costs",
    is_flag=True,
    help="Ask what was booked at its estimate has really cost, and book that.",
)
ABSENT = click.option(
    "--absent-is-not-paid",
    is_flag=True,
    help="With --fleet: what its provider does not list, read twice, was not bought.",
)
OLDER = click.option(
    "--older-than",
    type=Duration(),
    metavar="TIME",
    help="With --absent-is-not-paid: only what was begun so long ago.  [default: 10m]",
)


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("job_file", metavar="JOB_FILE", type=click.Path(path_type=Path))
@PAID
@NOT_PAID
@COSTS
@FLEET
@ABSENT
@OLDER
@PROJECT
@MADE_IN
@TEMPLATES
@ENV_FILE
@SANDBOX
@JSON
def reconcile(**options: Any) -> int:
    """Ask the providers about every inference that is in doubt; nothing is ever sent again.

    What is found is fetched by the next run, for nothing. --paid and --not-paid settle by your
    word what the providers cannot tell; --costs asks for the bills of what is settled instead.
    With --fleet a word is taken once its request cannot leave any more (VIDI_FLEET_SETTLE).
    Exit 0 when nothing is in doubt any more, else 6.
    """
    from vidi.cli.display.console import Console

    asked = _Asked(**options)
    console = Console(json_wanted=asked.json_wanted)
    findings: Sequence[Finding] = ()
    bills: Sequence[CostFinding] = ()
    if asked.fleet:
        findings, left = _settle_in_fleet(asked)
    elif asked.costs:
        bills, left = _price_anew(asked, console)
    else:
        findings, left = _settle_in_folder(asked, console)
    code = IN_DOUBT if left else 0
    if asked.json_wanted:
        _print_json(asked.job_file, findings, bills, left, code, console)
    else:
        told = _describe_bills(bills, left) if asked.costs else _describe(findings, left)
        for line in told:
            console.print_data(line)
    return code


@dataclass(frozen=True, slots=True)
class _Asked:
    """What the command was given, by the names of its options."""

    job_file: Path
    paid: tuple[str, ...]
    not_paid: tuple[str, ...]
    costs: bool
    fleet: bool
    absent_is_not_paid: bool
    older_than: float | None
    project: Path
    output_dir: Path | None
    templates: Path | None
    env_file: Path | None
    sandbox: bool
    json_wanted: bool

    def find_case(self) -> DoubtfulInference:
        """The folder that it is about; a rule for fleets is none for it."""
        from vidi.cli.commands.folders.reconcile_folder import DoubtfulInference

        _refuse_fleets_options(
            self.job_file, self.absent_is_not_paid or self.older_than is not None
        )
        return DoubtfulInference(
            self.job_file,
            self.project,
            self.output_dir,
            self.templates,
            self.env_file,
            self.sandbox,
        )


def _settle_in_fleet(asked: _Asked) -> tuple[Sequence[Finding], tuple[str, ...]]:
    from vidi.cli.running.fleet.reconcile import Words, settle_fleet_doubts

    _refuse_costs(asked.costs, "--fleet")
    old_s = LONG_AGO_S if asked.older_than is None else asked.older_than
    rule_s = old_s if asked.absent_is_not_paid else None
    words = Words(_read_pairs(asked.paid), tuple(dict.fromkeys(asked.not_paid)), rule_s)
    name = asked.job_file.as_posix()
    return settle_fleet_doubts(name, asked.project, asked.templates, asked.env_file, words)


def _price_anew(asked: _Asked, console: Console) -> tuple[Sequence[CostFinding], tuple[str, ...]]:
    from vidi.cli.commands.folders.reconcile_folder import price_estimates

    case = asked.find_case()
    _refuse_words(asked.paid, asked.not_paid)
    return price_estimates(case, console)


def _settle_in_folder(asked: _Asked, console: Console) -> tuple[Sequence[Finding], tuple[str, ...]]:
    from vidi.cli.commands.folders.reconcile_folder import settle_doubts

    case = asked.find_case()
    words = _read_pairs(asked.paid), tuple(dict.fromkeys(asked.not_paid))
    return settle_doubts(case, *words, console)


def _refuse_fleets_options(job_file: Path, given: bool) -> None:
    from vidi.errors import UsageError

    if given:
        raise UsageError(
            "--absent-is-not-paid is a rule for fleets",
            hint="Give it with --fleet, or leave it out.",
        )
    if job_file.is_dir():
        raise click.BadParameter(f"File '{job_file}' is a directory.", param_hint="'JOB_FILE'")


def _refuse_costs(costs: bool, option: str) -> None:
    from vidi.errors import UsageError

    if costs:
        raise UsageError(f"--costs and {option} do not go together", hint=f"Leave out {option}.")


def _refuse_words(*words: Sequence[str]) -> None:
    from vidi.errors import UsageError

    if any(words):
        raise UsageError(
            "--costs asks for bills, and --paid and --not-paid settle doubts",
            hint="Give one command after the other.",
        )


def _read_pairs(paid: Sequence[str]) -> dict[str, str]:
    from vidi.errors import UsageError

    pairs: dict[str, str] = {}
    for text in paid:
        key, _, request = text.rpartition("=")
        if not key or not request or pairs.get(key, request) != request:
            raise UsageError(
                f"--paid {text} names no inference and its request",
                hint="Write --paid ID=REQUEST_ID, once for each inference.",
            )
        pairs[key] = request
    return pairs


def _describe(findings: Sequence[Finding], left: Sequence[str]) -> list[str]:
    lines = []
    for found in findings:
        if found.verdict == "adopted":
            lines.append(f"{found.id}: bought, as {found.request_id}; the next run fetches it")
        elif found.verdict == "not_paid":
            lines.append(f"{found.id}: not bought; the next run may buy it")
        else:
            lines += [f"{found.id}: {found.message}", f"  hint: {found.hint}"]
    total = f"still in doubt: {', '.join(left)}" if left else "nothing is in doubt"
    return [*lines, total]


def _describe_bills(bills: Sequence[CostFinding], left: Sequence[str]) -> list[str]:
    from vidi.dollars import format_usd

    lines = []
    for bill in bills:
        if bill.actual is None:
            lines.append(f"{bill.id}: {format_usd(bill.was)} stays an estimate: {bill.message}")
        else:
            now = format_usd(bill.actual)
            lines.append(f"{bill.id}: {now} billed, {format_usd(bill.was)} was booked")
    if not bills:
        lines.append("nothing is booked at its estimate")
    return [*lines, f"still in doubt: {', '.join(left)}"] if left else lines


def _print_json(
    job_file: Path,
    findings: Sequence[Finding],
    bills: Sequence[CostFinding],
    left: Sequence[str],
    code: int,
    console: Console,
) -> None:
    from vidi.inference.models.prices.money import json_number
    from vidi.runs.records.json_text import render_json

    rows = [
        {
            "id": found.id,
            "model": found.model,
            "verdict": found.verdict,
            "request_id": found.request_id,
            "message": found.message,
            "hint": found.hint,
        }
        for found in findings
    ]
    answer = {
        "schema_version": 1,
        "command": "reconcile",
        "ok": code == 0,
        "exit_code": code,
        "job_file": job_file.as_posix(),
        "in_doubt": list(left),
        "inferences": rows,
        "costs": [
            {
                "id": bill.id,
                "model": bill.model,
                "request_id": bill.request_id,
                "was_usd": json_number(bill.was),
                "actual_usd": None if bill.actual is None else json_number(bill.actual),
                "basis": bill.basis,
                "message": bill.message,
            }
            for bill in bills
        ],
        "errors": [],
    }
    console.print_data(render_json(answer).rstrip("\n"))
