"""What vidi adds to a bare loop over the same SDKs: both against the same sandbox, by turns.

The sandbox is a process of its own on a real socket; an inference takes exactly the latency there.
Both sides run N = waves x C inferences (at least 8) and then 2N in a new folder with a new ledger:
*steady* is what N more took, and requests are those of N more, so that what a run costs once (the
scout of an unknown model looks 40 times in 2 s) is in neither. The create rate is
raised, as Replicate's documented 600 a minute would be the limit.
"""

from __future__ import annotations

import json
import statistics
import sys
import tempfile
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import process
from figure import Figure
from sdk_loop import FAL_INPUT, FAL_MODEL, REPLICATE_INPUT, REPLICATE_MODEL
from served import serve

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from process import Spent
    from served import Served

    Side = Callable[[Served, str, int, int], "Run"]

HERE = Path(__file__).resolve().parent
MODELS = {
    "replicate": (f"replicate/{REPLICATE_MODEL}", REPLICATE_INPUT),
    "fal": (f"fal/{FAL_MODEL}", FAL_INPUT),
}
LEAST = 8
"""Inferences of a run, however few are at once."""
LONG_S = 2.0
"""From this latency on the stricter goal holds."""
ROUNDS, ROUNDS_OF_SHORT = 3, 7
"""How often each is measured, for the median: a percent of the shorter ones is 20 ms."""
MORE = 0.05
"""Requests an inference that a look more or less of the scout makes."""
SETTINGS = {
    "smallest": ((0.05,), (2,), 1),
    "ordinary": ((0.5, 2.0), (16,), 4),
    "full": ((0.5, 2.0), (1, 16, 64), 4),
}
"""Latencies, how many at once, and waves."""


@dataclass(frozen=True)
class Run:
    """One run of one side."""

    count: int
    wall_s: float
    requests: int
    late_s: tuple[float, ...] = ()
    """How late each end was noticed, sorted."""


def spend_sdk(served: Served, provider: str, count: int, at_once: int) -> Spent:
    """Let the bare loop make so many."""
    with tempfile.TemporaryDirectory() as folder:
        command = [HERE / "sdk_loop.py", provider, served.url, str(count), str(at_once), folder]
        return process.run([sys.executable, *command], Path(folder))


def run_sdk(served: Served, provider: str, count: int, at_once: int) -> Run:
    """The same, with its requests counted."""
    before = served.count_requests()
    spent = spend_sdk(served, provider, count, at_once)
    return Run(count, spent.wall_s, served.count_requests() - before)


def run_vidi(served: Served, provider: str, count: int, at_once: int) -> Run:
    """Let `vidi-run` make so many, in a new folder with a new ledger."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_job(folder, provider, count)
        before = served.count_requests()
        environment = {**served.environment, "VIDI_LEDGER": str(folder / "ledger.sqlite3")}
        command = [process.PROGRAM, "job.yaml", "-j", str(at_once), "--no-report", "-q"]
        spent = process.run(command, folder, environment)
        requests = served.count_requests() - before
        log = (folder / "outputs/job/log.jsonl").read_text(encoding="utf-8").splitlines()
    events = [json.loads(line) for line in log]
    return Run(count, spent.wall_s, requests, _find_lateness(events, served.read_ends()))


def _find_lateness(events: list[dict], ends: dict[str, float]) -> tuple[float, ...]:
    receipts = {each["id"]: each["request_id"] for each in events if each["event"] == "submitted"}
    done = [each for each in events if each["event"] == "completed"]
    return tuple(sorted(_moment(each) - ends[receipts[each["id"]]] for each in done))


def _moment(event: dict) -> float:
    return datetime.fromisoformat(event["ts"]).timestamp()


def write_job(
    folder: Path, provider: str, count: int, pixels: dict[str, int] | None = None
) -> None:
    """Write a job of so many alike, of 64x64 pixels where nothing else is said."""
    model, params = MODELS[provider]
    if pixels:
        params = {**params, "image_size": pixels}
    entries = [
        {"id": f"a{number}", "model": model, "params": params, "output": f"{number}.png"}
        for number in range(count)
    ]
    job = {"version": 1, "name": "job", "budget": 10_000, "inferences": entries}
    (folder / "job.yaml").write_text(json.dumps(job), encoding="utf-8")
    (folder / "vidi.toml").write_text("[limits.replicate]\ncreates_per_minute = 1000000\n")


def measure(size: str) -> Iterator[Figure]:
    """Both sides by turns, against the ideal and each other."""
    latencies, all_at_once, waves = SETTINGS[size]
    for latency in latencies:
        rounds = ROUNDS if latency >= LONG_S else ROUNDS_OF_SHORT
        rounds = 1 if size == "smallest" else rounds
        with serve(latency) as served:
            for provider in sorted(MODELS):
                for at_once in all_at_once:
                    yield from _compare(served, provider, at_once, waves, rounds)


class _Steady(NamedTuple):
    """What so many more took, each side."""

    wall_s: float
    sdk_s: float
    requests: float
    """An inference."""
    late_s: float
    """The 95th percentile."""


def _compare(
    served: Served, provider: str, at_once: int, waves: int, rounds: int
) -> Iterator[Figure]:
    count = max(waves * at_once, LEAST)
    measured = [_run_both(served, provider, count, at_once) for _ in range(rounds)]
    steady, steady_sdk, requests, late = map(statistics.median, zip(*measured, strict=True))
    ideal = count * served.latency / at_once
    what = f"{provider}, {served.latency:g} s, {at_once} at once"
    goal = 1.03 if served.latency >= LONG_S else 1.08
    yield Figure(f"steady wall: {what}", steady, "s", "the ideal N·L/C", ideal, goal)
    most = None if served.latency >= LONG_S else 1
    if steady_sdk > 0:  # else the machine was busy with something else meanwhile
        yield Figure(f"the same: {what}", steady, "s", "the SDK's own loop", steady_sdk, most)
    most = {"fal": 4, "replicate": 3}[provider] + MORE
    yield Figure(f"requests an inference: {what}", requests, "", target=most)
    most = max(50, 50 * served.latency)
    yield Figure(f"noticed late, 95th percentile: {what}", late * 1000, "ms", target=most)


def _run_both(served: Served, provider: str, count: int, at_once: int) -> _Steady:
    """Each side once, and once with twice as many, by turns."""
    runs: dict[Side, list[Run]] = {run_sdk: [], run_vidi: []}
    for times in (1, 2):
        for side, made in runs.items():
            made.append(side(served, provider, times * count, at_once))
    (sdk_one, sdk), (one, two) = runs[run_sdk], runs[run_vidi]
    requests = (two.requests - one.requests) / (two.count - one.count)
    late = two.late_s[int(0.95 * (len(two.late_s) - 1))]
    return _Steady(two.wall_s - one.wall_s, sdk.wall_s - sdk_one.wall_s, requests, late)
