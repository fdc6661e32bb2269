"""How a job of a fleet stands: as lines, and as JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vidi.dollars import format_usd
from vidi.inference.models.prices.money import json_number

if TYPE_CHECKING:
    from decimal import Decimal

    from vidi.inference.tracking.fleet.destinations import Destination
    from vidi.inference.tracking.fleet.figures import Figures

NAMED = 5
"""How many doubts a line names before it counts the rest."""
WORDS = {"new": "waiting", "rejected": "refused", "refused": "to try again"}
"""What the states of rows are called, where they are not called by their names."""


def tell_progress(destination: Destination, figures: Figures) -> str:
    """One line while it lasts."""
    done = figures.counts.get("succeeded", 0)
    others = ", ".join(_list_counts(figures, leave_out="succeeded"))
    rest = f" ({others})" if others else ""
    workers = f"{len(figures.workers)} worker{'' if len(figures.workers) == 1 else 's'}"
    return (
        f"{destination.journal}: {destination.state}, {done} of {figures.total} done{rest}, "
        f"{format_usd(figures.usage.spent)} spent, {workers}"
    )


def describe_status(destination: Destination, figures: Figures) -> list[str]:
    """All that there is to say of it, in lines."""
    left = figures.left(destination.budget)
    budget = "no budget" if left is None else f"{format_usd(left)} left"
    lines = [
        tell_progress(destination, figures),
        f"money: {figures.usage.told}, {budget}",
    ]
    if figures.eta_s is not None:
        lines.append(
            f"speed: {figures.per_minute:.0f} a minute, about {_tell_time(figures.eta_s)} to go"
        )
    for worker, shards in figures.workers.items():
        lines.append(f"worker: {worker} ({shards} shard{'' if shards == 1 else 's'})")
    if destination.why:
        lines.append(f"stopped: {destination.why}")
    if figures.doubts:
        names = ", ".join(figures.doubts[:NAMED])
        rest = len(figures.doubts) - NAMED
        lines.append(f"in doubt: {names}{f' and {rest} more' if rest > 0 else ''}")
    lines += [f"bought twice: {each}, see log.jsonl of `vidi export`" for each in figures.orphans]
    if figures.last_error is not None:
        lines.append("last error: {}: {}".format(*figures.last_error))
    return [*lines, f"next: {_choose_next(destination, figures)}"]


def describe_fleet(destination: Destination, figures: Figures) -> dict[str, object]:
    """The same as JSON values."""
    left = figures.left(destination.budget)
    wrong = figures.last_error
    return {
        "journal": destination.journal,
        "job_file": destination.job,
        "state": destination.state,
        "stopped_by": destination.why or None,
        "rows": dict(sorted(figures.counts.items())),
        "total": figures.total,
        "per_minute": round(figures.per_minute, 1),
        "eta_s": None if figures.eta_s is None else round(figures.eta_s),
        "budget_usd": _number(destination.budget),
        "spent_usd": json_number(figures.usage.spent),
        "reserved_usd": json_number(figures.usage.reserved),
        "left_usd": _number(left),
        "in_doubt": list(figures.doubts),
        "bought_twice": list(figures.orphans),
        "workers": [{"name": name, "shards": count} for name, count in figures.workers.items()],
        "last_error": None if wrong is None else {"id": wrong[0], "message": wrong[1]},
    }


def _number(usd: Decimal | None) -> object:
    return None if usd is None else json_number(usd)


def _list_counts(figures: Figures, *, leave_out: str) -> list[str]:
    return [
        f"{count} {WORDS.get(status, status.replace('_', ' '))}"
        for status, count in sorted(figures.counts.items())
        if status != leave_out
    ]


def _choose_next(destination: Destination, figures: Figures) -> str:
    """The command that brings it further."""
    if destination.state == "running" and figures.open and not figures.workers:
        return "vidi work, on any machine that has the keys"
    if destination.state in {"stopped", "planning"}:
        return f"vidi-run {destination.job} --fleet resumes it"
    if figures.doubts:
        return f"vidi reconcile --fleet {destination.journal}"
    if destination.state == "ended":
        return f"vidi export {destination.journal} -o DIR"
    return "nothing: workers are at it"


def _tell_time(seconds: float) -> str:
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"
