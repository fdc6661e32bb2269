"""What is said at the end of a run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vidi.cli.display.problems import name_some
from vidi.dollars import format_usd
from vidi.runs.records.folder import MANIFEST

if TYPE_CHECKING:
    from pathlib import Path

    from vidi.cli.display.console import Console
    from vidi.cli.options import RunOptions
    from vidi.errors import VidiError
    from vidi.runs.records.manifest.shape import Manifest

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
) -> None:
    """Count the inferences by how they ended, sum up the money, and name the manifest."""
    colour = "red" if manifest["run"]["exit_code"] else "green"
    console.tell(f"{manifest['run']['status']}: {_count(manifest)}", style=colour)
    console.tell(_sum_up(manifest, options))
    _say_what_is_open(manifest, console)
    if halted is not None:
        console.say(f"stopped: {halted.message}", style="red")
        if halted.hint:
            console.say(f"  hint: {halted.hint}")
    if not options.json_wanted and not options.quiet:
        console.print_data(str(folder / MANIFEST))


def _count(manifest: Manifest) -> str:
    counts = manifest["totals"]["by_status"].items()
    return ", ".join(f"{count} {status.replace('_', ' ')}" for status, count in counts) or (
        "nothing to do"
    )


def _sum_up(manifest: Manifest, options: RunOptions) -> str:
    costs, cap = manifest["cost_usd"], manifest["budget_usd"]
    note = " (sandbox: nothing was paid)" if options.sandbox else ""
    budget = "no budget" if cap is None else f"budget {format_usd(cap)}"
    saved = f", saved {format_usd(costs['saved'])}" if costs["saved"] else ""
    return f"spent {format_usd(costs['actual'])}{note}, {budget}{saved}"


def _say_what_is_open(manifest: Manifest, console: Console) -> None:
    if manifest["cost_usd"]["in_doubt"]:
        open_usd = format_usd(manifest["cost_usd"]["in_doubt"])
        console.say(f"may still be billed: {open_usd}", style="yellow")
    for status, step in NEXT_STEP.items():
        ids = [row["id"] for row in manifest["inferences"] if row["status"] == status]
        if ids:
            console.say(f"{status.replace('_', ' ')}: {name_some(ids)} — {step}", style="yellow")
