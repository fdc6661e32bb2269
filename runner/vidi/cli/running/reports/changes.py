"""What a plan does with each inference, in the words that a reviewer looks for."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from vidi.cli.running.job_run import JobRun
    from vidi.runs.planning.plan import PlannedInference

Change = Literal["new", "changed", "again", "restored", "unchanged", "skipped"]
CHANGES: tuple[Change, ...] = ("new", "changed", "again", "restored", "unchanged", "skipped")
"""new, changed, again: bought, the last because what there was is lost or failed, or by --rebuy.
restored: fetched, moved or put back for nothing."""
_CHANGED = re.compile(r"\b(params|input|model|model version) changed\b")


def name_change(planned: PlannedInference) -> Change:
    """What is done with one inference."""
    match planned.action:
        case "unchanged" | "skip":
            return "unchanged" if planned.action == "unchanged" else "skipped"
        case "fetch" | "move" | "restore":
            return "restored"
        case "run" if planned.reason == "new":
            return "new"
        case _:
            return "changed" if _CHANGED.search(planned.reason) else "again"


def count_changes(job_run: JobRun) -> Counter[str]:
    """How many of a job file's inferences each is said of."""
    if job_run.plan is not None:
        return Counter(name_change(each) for each in job_run.plan.inferences)
    rows = job_run.result["inferences"] if job_run.result else ()
    return Counter("unchanged" for _ in rows)  # a glance has shown that nothing is to be done


def count_bought(job_run: JobRun) -> int:
    """How many inferences a run has bought: they came, or they were paid for all the same."""
    if job_run.plan is None or job_run.result is None:
        return 0
    buying = {each.id for each in job_run.plan.inferences if each.buys}
    return sum(
        row["status"] == "succeeded" or bool(row["cost_usd"]["actual"])
        for row in job_run.result["inferences"]
        if row["id"] in buying
    )
