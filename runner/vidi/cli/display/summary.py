"""What is said at the end of a run."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING

from vidi.cli.display.problems import name_some
from vidi.dollars import format_usd
from vidi.runs.planning.budgets import sum_budgets
from vidi.runs.records.folder import MANIFEST, REPORT_NAME
from vidi.runs.records.remote.address import name_place
from vidi.runs.records.warnings import OF_RUNS, group_by_inference

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from vidi.cli.display.console import Console
    from vidi.cli.run_options import RunOptions
    from vidi.errors import Problem, VidiError
    from vidi.runs.records.manifest.shape import Manifest, Usd

NEXT_STEP = {
    "unfinished": "run the same command again to fetch them",
    "in_doubt": "see `vidi reconcile`",
}


def print_summary(
    manifest: Manifest,
    folder: Path,
    options: RunOptions,
    console: Console,
    halted: VidiError | None = None,
    warnings: Sequence[Problem] = (),
) -> None:
    """Count the inferences by how they ended, sum up the money, and name the manifest.

    Args:
        manifest: What became of the job file.
        folder: Its output folder.
        options: What the command line says.
        console: Where it is printed.
        halted: Why something was not begun.
        warnings: What is odd about it, as `find_warnings` has it.
    """
    console.report_problems(_find_new(manifest, warnings))
    colour = "red" if manifest["run"]["exit_code"] else "green"
    count = _count(manifest) + tell_odd(len(group_by_inference(warnings)))
    console.tell(f"{manifest['run']['status']}: {count}", style=colour)
    console.tell(_sum_up(manifest, options))
    _say_what_is_open(manifest, console)
    if halted is not None:
        console.say(f"stopped: {halted.message}", style="red")
        if halted.hint:
            console.say(f"  hint: {halted.hint}")
    if not options.json_wanted and not options.quiet:
        console.print_data(str(folder / MANIFEST))
        if options.report:
            console.tell(f"open {name_place(folder, REPORT_NAME)}")
    if manifest["run"]["status"] == "interrupted":
        console.tell("the same command goes on from here")


def tell_odd(count: int) -> str:
    """How many inferences have a warning, to follow how they ended; empty where none has."""
    return f", {count} with warnings" if count else ""


def _find_new(manifest: Manifest, warnings: Sequence[Problem]) -> list[Problem]:
    """The warnings of what this run has brought: those of its plan were told before it."""
    of_the_run = [each for each in warnings if each.code in OF_RUNS]
    if not of_the_run:
        return []
    rows = manifest["inferences"]
    brought = {row["id"] for row in rows if row["status"] not in {"unchanged", "skipped"}}
    return [
        replace(each, ids=ids)
        for each in of_the_run
        if (ids := tuple(name for name in each.ids if name in brought))
    ]


def print_grand_total(
    manifests: Sequence[Manifest],
    asked: int,
    odd: int,
    cap: Decimal | None,
    options: RunOptions,
    console: Console,
) -> None:
    """Count and sum up what all job files of a command came to.

    Args:
        manifests: Those of the files that were run.
        asked: How many files were to be run.
        odd: How many of their inferences have a warning.
        cap: What all of them stay under beside their own budgets, in USD; None for no cap.
        options: What the command line says.
        console: Where it is printed.
    """
    counts: Counter[str] = Counter()
    for manifest in manifests:
        counts.update(manifest["totals"]["by_status"])
    spent = sum((Decimal(str(each["cost_usd"]["actual"])) for each in manifests), Decimal(0))
    colour = "red" if any(each["run"]["exit_code"] for each in manifests) else "green"
    counted = _name_counts(counts) + tell_odd(odd)
    files = f"all {asked}" if len(manifests) == asked else f"{len(manifests)} of {asked}"
    console.tell(f"{files} job files: {counted}", style=colour)
    given = [each["budget_usd"] for each in manifests]
    budget = sum_budgets(cap, [None if each is None else Decimal(str(each)) for each in given])
    console.tell(f"spent {format_usd(spent)}{_note(options)}, {_name_budget(budget)}")


def _count(manifest: Manifest) -> str:
    return _name_counts(manifest["totals"]["by_status"])


def _name_counts(counts: Mapping[str, int]) -> str:
    named = (f"{count} {status.replace('_', ' ')}" for status, count in counts.items())
    return ", ".join(named) or "nothing to do"


def _sum_up(manifest: Manifest, options: RunOptions) -> str:
    costs = manifest["cost_usd"]
    saved = f", saved {format_usd(costs['saved'])}" if costs["saved"] else ""
    budget = _name_budget(manifest["budget_usd"])
    return f"spent {format_usd(costs['actual'])}{_note(options)}, {budget}{saved}"


def _note(options: RunOptions) -> str:
    return " (sandbox: nothing was paid)" if options.sandbox else ""


def _name_budget(cap: Usd | None) -> str:
    return "no budget" if cap is None else f"budget {format_usd(cap)}"


def _say_what_is_open(manifest: Manifest, console: Console) -> None:
    if manifest["cost_usd"]["in_doubt"]:
        open_usd = format_usd(manifest["cost_usd"]["in_doubt"])
        console.say(f"may still be billed: {open_usd}", style="yellow")
    counts = manifest["totals"]["by_status"]
    for status, step in NEXT_STEP.items():
        if counts.get(status):
            ids = [row["id"] for row in manifest["inferences"] if row["status"] == status]
            console.say(f"{status.replace('_', ' ')}: {name_some(ids)} — {step}", style="yellow")
