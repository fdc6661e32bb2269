"""What vidi adds to a bare loop over the same SDKs: both against the same sandbox, by turns.

    python bench/overhead.py [--latency 0.5 2] [--at-once 1 16 64] [--waves 4] [--provider fal]

The sandbox is a process of its own on a real socket; an inference takes exactly the latency there.
Each line is one provider, latency L and concurrency C. Both sides run N = waves x C inferences (at
least 8) and then 2N; the second run continues nothing of the first.

    ideal    2N x L / C, in seconds
    whole    wall time of the whole process over the ideal, of the second run: start-up and what
             must first be learnt are in it
    steady   the same without what a run costs once: from N to 2N      goal <= 1.08 at L = 2
    late     how late `completed` came, median and 95th percentile     goal <= 5 % of L or 50 ms
    asked    requests an inference, submit and download included       goal <= 6
    cpu      ms of the process an inference, from N to 2N              goal <= 5

The models are new to every run, so what a run must learn first is in all of it. The ledger is on,
in a file; the create rate is raised, as Replicate's documented 600 a minute would be the limit.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from sdk_loop import FAL_INPUT, FAL_MODEL, REPLICATE_INPUT, REPLICATE_MODEL
from served import serve

if TYPE_CHECKING:
    from served import Served

HERE = Path(__file__).resolve().parent
PROGRAM = Path(sys.executable).with_name("vidi-run")
MODELS = {
    "replicate": (f"replicate/{REPLICATE_MODEL}", REPLICATE_INPUT),
    "fal": (f"fal/{FAL_MODEL}", FAL_INPUT),
}
LEAST = 8
"""Inferences of a run, however few are at once."""
ENOUGH = 32
HEADS = (
    "provider", "L", "C", "ideal", "whole: sdk", "vidi", "steady: sdk", "vidi", "late",
    "asked: sdk", "vidi", "cpu: sdk", "vidi",
)  # fmt: skip


@dataclass(frozen=True)
class Run:
    """One run of one side."""

    count: int
    wall_s: float
    cpu_s: float
    """Of its whole process."""
    requests: int
    late_s: tuple[float, ...] = ()
    """How late each end was noticed, sorted."""


def run_sdk(served: Served, provider: str, count: int, at_once: int) -> Run:
    """Let the bare loop make so many."""
    with tempfile.TemporaryDirectory() as folder:
        command = [HERE / "sdk_loop.py", provider, served.url, str(count), str(at_once), folder]
        before = served.count_requests()
        wall_s, cpu_s = _run([sys.executable, *map(str, command)], Path(folder), {})
    return Run(count, wall_s, cpu_s, served.count_requests() - before)


def run_vidi(served: Served, provider: str, count: int, at_once: int) -> Run:
    """Let `vidi-run` make so many, in a new folder with a new ledger."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        _write_job(folder, provider, count)
        before = served.count_requests()
        environment = {**served.environment, "VIDI_LEDGER": str(folder / "ledger.sqlite3")}
        command = [str(PROGRAM), "job.yaml", "-j", str(at_once), "--no-report", "-q"]
        wall_s, cpu_s = _run(command, folder, environment)
        requests = served.count_requests() - before
        log = (folder / "outputs/job/log.jsonl").read_text(encoding="utf-8").splitlines()
    events = [json.loads(line) for line in log]
    return Run(count, wall_s, cpu_s, requests, _find_lateness(events, served.read_ends()))


def _find_lateness(events: list[dict], ends: dict[str, float]) -> tuple[float, ...]:
    receipts = {each["id"]: each["request_id"] for each in events if each["event"] == "submitted"}
    done = [each for each in events if each["event"] == "completed"]
    return tuple(sorted(_moment(each) - ends[receipts[each["id"]]] for each in done))


def _moment(event: dict) -> float:
    return datetime.fromisoformat(event["ts"]).timestamp()


def _write_job(folder: Path, provider: str, count: int) -> None:
    model, params = MODELS[provider]
    entries = [
        {"id": f"a{number}", "model": model, "params": params, "output": f"{number}.png"}
        for number in range(count)
    ]
    job = {"version": 1, "name": "job", "budget": 10_000, "inferences": entries}
    (folder / "job.yaml").write_text(json.dumps(job), encoding="utf-8")
    (folder / "vidi.toml").write_text("[limits.replicate]\ncreates_per_minute = 1000000\n")


def _run(command: list[str], folder: Path, environment: dict[str, str]) -> tuple[float, float]:
    """Run a process to its end; the seconds that it took, and those of its CPU."""
    began = time.perf_counter()
    process = subprocess.Popen(
        command, cwd=folder, env={**os.environ, **environment}, stdout=subprocess.DEVNULL
    )
    _, status, usage = os.wait4(process.pid, 0)
    wall_s = time.perf_counter() - began
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{command[0]} ended with {process.returncode}")
    return wall_s, usage.ru_utime + usage.ru_stime


def compare(served: Served, provider: str, at_once: int, waves: int) -> list[str]:
    """Run both sides by turns; returns a row of the table."""
    count = max(waves * at_once, LEAST)
    pairs = {run: [] for run in (run_sdk, run_vidi)}
    for times in (1, 2):
        for run, runs in pairs.items():
            runs.append(run(served, provider, times * count, at_once))
    sdk, vidi = pairs[run_sdk], pairs[run_vidi]
    ideal = 2 * count * served.latency / at_once
    return [
        provider,
        f"{served.latency:g}",
        str(at_once),
        f"{ideal:.1f} s",
        *(f"{side[1].wall_s / ideal:.3f}" for side in (sdk, vidi)),
        *(f"{(side[1].wall_s - side[0].wall_s) / (ideal / 2):.3f}" for side in (sdk, vidi)),
        _tell_lateness(vidi[1].late_s, served.latency),
        *(f"{side[1].requests / side[1].count:.2f}" for side in (sdk, vidi)),
        *(_slope(side) for side in (sdk, vidi)),
    ]


def _tell_lateness(late_s: tuple[float, ...], latency: float) -> str:
    median, most = (late_s[int(share * (len(late_s) - 1))] for share in (0.5, 0.95))
    return f"{median / latency:.1%} {most / latency:.1%} ({median * 1000:.0f} {most * 1000:.0f} ms)"


def _slope(runs: list[Run]) -> str:
    """Milliseconds of CPU that one inference more costs, where there are enough of them to tell."""
    one, two = runs
    more = two.count - one.count
    return f"{(two.cpu_s - one.cpu_s) * 1000 / more:.1f}" if more >= ENOUGH else "–"


def main() -> None:
    """Measure what was asked for, a line at a time."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--latency", type=float, nargs="+", default=[0.5, 2.0], metavar="L")
    parser.add_argument("--at-once", type=int, nargs="+", default=[1, 16, 64], metavar="C")
    parser.add_argument("--waves", type=int, default=4)
    parser.add_argument("--provider", choices=sorted(MODELS), nargs="+", default=sorted(MODELS))
    options = parser.parse_args()
    began = time.monotonic()
    print("| " + " | ".join(HEADS) + " |\n|" + "---|" * len(HEADS), flush=True)
    for latency in options.latency:
        with serve(latency) as served:
            for provider in options.provider:
                for at_once in options.at_once:
                    row = compare(served, provider, at_once, options.waves)
                    print("| " + " | ".join(row) + " |", flush=True)
    print(f"\n{time.monotonic() - began:.0f} s")


if __name__ == "__main__":
    main()
