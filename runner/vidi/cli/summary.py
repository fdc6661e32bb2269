"""What is said at the end of a run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from vidi.cli.console import name_some
from vidi.runs.figures import format_usd
from vidi.runs.folder import MANIFEST

if TYPE_CHECKING:
    from collections.abc import Mapping

    from vidi.cli.console import Console
    from vidi.cli.options import RunOptions
    from vidi.runs.plan import Plan
    from vidi.runs.run import RunResult

NEXT_STEP = {
    "unfinished": "run the same command again to fetch them",
    "in_doubt": "see `vidi reconcile`",
}


def print_summary(result: RunResult, plan: Plan, options: RunOptions, console: Console) -> None:
    """Count the inferences by how they ended, sum up the money, and name the manifest."""
    manifest = result.manifest
    colour = "green" if result.exit_code == 0 else "red"
    console.tell(f"{manifest['run']['status']}: {_count(manifest)}", style=colour)
    console.tell(_sum_up(manifest, plan, options))
    _say_what_is_open(manifest, console)
    if result.halted is not None:
        console.say(f"stopped: {result.halted.message}", style="red")
        if result.halted.hint:
            console.say(f"  hint: {result.halted.hint}")
    if not options.json_wanted and not options.quiet:
        console.print_data(str(plan.folder / MANIFEST))


def _count(manifest: Mapping[str, Any]) -> str:
    counts = manifest["totals"]["by_status"].items()
    return ", ".join(f"{count} {status.replace('_', ' ')}" for status, count in counts) or (
        "nothing to do"
    )


def _sum_up(manifest: Mapping[str, Any], plan: Plan, options: RunOptions) -> str:
    costs = manifest["cost_usd"]
    note = " (sandbox: nothing was paid)" if options.sandbox else ""
    budget = "no budget" if plan.budget is None else f"budget {format_usd(plan.budget)}"
    saved = f", saved {format_usd(costs['saved'])}" if costs["saved"] else ""
    return f"spent {format_usd(costs['actual'])}{note}, {budget}{saved}"


def _say_what_is_open(manifest: Mapping[str, Any], console: Console) -> None:
    if manifest["cost_usd"]["in_doubt"]:
        open_usd = format_usd(manifest["cost_usd"]["in_doubt"])
        console.say(f"may still be billed: {open_usd}", style="yellow")
    for status, step in NEXT_STEP.items():
        ids = [row["id"] for row in manifest["inferences"] if row["status"] == status]
        if ids:
            console.say(f"{status.replace('_', ' ')}: {name_some(ids)} — {step}", style="yellow")
