"""How long a run will take from here, by what its models took in this run and in the one before."""

from __future__ import annotations

import contextlib
from collections import Counter
from statistics import mean
from typing import TYPE_CHECKING

from vidi.runs.records.folder import MANIFEST
from vidi.runs.records.manifest.read import read_manifest

if TYPE_CHECKING:
    from collections.abc import Iterable

    from vidi.runs.planning.plan import Plan

_MOST_FOLDERS = 20
_MEASURED = frozenset(("succeeded", "unchanged"))


class TimeLeft:
    """Learns how long each model takes, in seconds."""

    def __init__(self, plan: Plan, concurrency: int) -> None:
        self._concurrency = max(1, concurrency)
        self._past = _read_past(plan)
        self._now: dict[str, list[float]] = {}

    def learn(self, model: str, seconds: float) -> None:
        """Take note of an inference that has ended."""
        self._now.setdefault(model, []).append(seconds)

    def tell(self, waiting: Iterable[str]) -> str:
        """`about 2 min left` for the models of what has not ended; "" where nobody knows."""
        counts = Counter(waiting)
        takes = {model: self._takes(model) for model in counts}
        if not counts or None in takes.values():
            return ""
        longest = max(seconds or 0.0 for seconds in takes.values())
        work = sum(count * (takes[model] or 0.0) for model, count in counts.items())
        return f"about {describe_time(max(longest, work / self._concurrency))} left"

    def _takes(self, model: str) -> float | None:
        seconds = self._now.get(model) or self._past.get(model)
        return mean(seconds) if seconds else None


def _read_past(plan: Plan) -> dict[str, list[float]]:
    """What the last runs of this folder and of those beside it took, by model."""
    past: dict[str, list[float]] = {}
    wanted = {planned.model for planned in plan.to_run}
    beside = sorted(plan.folder.parent.glob(f"*/{MANIFEST}"))[:_MOST_FOLDERS]
    for path in (plan.folder / MANIFEST, *beside):
        with contextlib.suppress(Exception):  # an odd manifest only means that nothing is known
            for row in read_manifest(path)["inferences"]:
                if row["status"] in _MEASURED and row["duration_s"] and row["model"] in wanted:
                    past.setdefault(row["model"], []).append(float(row["duration_s"]))
        wanted -= past.keys()
        if not wanted:
            break
    return past


def describe_time(seconds: float) -> str:
    """`8 s`, `3 min`, `2 h 10 min`: as near as anybody believes it."""
    if seconds < 90:
        return f"{max(1, round(seconds))} s"
    minutes = round(seconds / 60)
    if minutes < 90:
        return f"{minutes} min"
    return f"{minutes // 60} h {minutes % 60} min"
