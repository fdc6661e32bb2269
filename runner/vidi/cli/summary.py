"""What is said at the end of a run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vidi.cli.console import name_some
from vidi.runs.figures import format_usd
from vidi.runs.folder import MANIFEST

if TYPE_CHECKING:
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
    counts = manifest["totals"]["by_status"]
    costs = manifest["cost_usd"]
    colour = "green" if result.exit_code == 0 else "red"
    counted = ", ".join(f"{count} {status.replace('_', ' ')}" for status, count in counts.items())
    console.tell(f"{manifest['run']['status']}: {counted or 'nothing to do'}", style=colour)
    budget = "no budget" if plan.budget is None else f"budget {format_usd(plan.budget)}"
    note = " (sandbox: nothing was paid)" if options.sandbox else ""
    spent, saved = format_usd(costs["actual"]), format_usd(costs["saved"])
    console.tell(f"spent {spent}{note}, {budget}" + (f", saved {saved}" if costs["saved"] else ""))
    if costs["in_doubt"]:
        console.say(f"may still be billed: {format_usd(costs['in_doubt'])}", style="yellow")
    for status, step in NEXT_STEP.items():
        ids = [row["id"] for row in manifest["inferences"] if row["status"] == status]
        if ids:
            console.say(f"{status.replace('_', ' ')}: {name_some(ids)} — {step}", style="yellow")
    if result.halted is not None:
        console.say(f"stopped: {result.halted.message}", style="red")
        if result.halted.hint:
            console.say(f"  hint: {result.halted.hint}")
    if not options.json_wanted and not options.quiet:
        console.print_data(str(plan.folder / MANIFEST))
