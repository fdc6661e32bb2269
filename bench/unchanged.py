"""A run with nothing to do: every entry is finished, and its asset is as it was made.

    python bench/unchanged.py [ENTRIES] [--rounds 5]

Prints the best whole wall time of `vidi-run` on so many finished entries (goal: at most 1 s for
10,000), and its ratio to the least that could do: plain Python that reads the job file with
PyYAML's C composer and the journal as JSON, and stats every asset. Both by turns.

One entry is bought from the sandbox; the journal and the asset of the others are copies of its own.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from sdk_loop import REPLICATE_INPUT, REPLICATE_MODEL
from served import serve

PROGRAM = Path(sys.executable).with_name("vidi-run")
OUTPUTS = Path("outputs/job")
ENTRY = "  - {{id: a{0}, output: x/{0}.jpg}}\n"
HEAD = f"""\
version: 1
name: job
budget: 10000
defaults:
  model: replicate/{REPLICATE_MODEL}
  params: {json.dumps(REPLICATE_INPUT)}
inferences:
"""
PLAIN = """\
import json, os, yaml
yaml.compose(open("job.yaml"), Loader=yaml.CLoader)
for line in open("outputs/job/log.jsonl"):
    event = json.loads(line)
    if event["event"] == "asset":
        os.stat("outputs/job/" + event["path"])
"""


def write_job(folder: Path, count: int) -> None:
    """Write a job file of so many entries that differ in their names only."""
    entries = "".join(ENTRY.format(number) for number in range(count))
    (folder / "job.yaml").write_text(HEAD + entries, encoding="utf-8")


def finish(folder: Path, count: int, environment: dict[str, str]) -> None:
    """Leave the folder as a run of so many would: buy the first, and copy what it left."""
    write_job(folder, 1)
    run(folder, environment)
    log = folder / OUTPUTS / "log.jsonl"
    events = [json.loads(line) for line in log.read_text(encoding="utf-8").splitlines()]
    head, *own, end = events
    asset = folder / OUTPUTS / "x/0.jpg"
    lines = [head]
    for number in range(count):
        path = f"x/{number}.jpg"
        for event in own:
            named = {**event, "id": f"a{number}"}
            lines.append({**named, "path": path} if event["event"] == "asset" else named)
        if number:
            shutil.copy2(asset, folder / OUTPUTS / path)
    numbered = ({**event, "seq": at} for at, event in enumerate([*lines, end], start=1))
    log.write_text("".join(json.dumps(each) + "\n" for each in numbered), encoding="utf-8")
    write_job(folder, count)


def run(folder: Path, environment: dict[str, str]) -> float:
    """Run the job; the seconds that the whole command took."""
    began = time.perf_counter()
    done = subprocess.run(
        [PROGRAM, "job.yaml"],
        cwd=folder,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
    )
    if done.returncode:
        raise SystemExit(done.stderr)
    return time.perf_counter() - began


def run_plain(folder: Path) -> float:
    """Read the same files in plain Python; the seconds that it took."""
    began = time.perf_counter()
    subprocess.run([sys.executable, "-c", PLAIN], cwd=folder, check=True)
    return time.perf_counter() - began


def main() -> None:
    """Finish a folder, then run it again and again by turns with the plain script."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("entries", type=int, nargs="?", default=10_000)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name, serve(0) as served:
        folder = Path(name)
        environment = {**served.environment, "VIDI_LEDGER": str(folder / "ledger.sqlite3")}
        finish(folder, options.entries, environment)
        first = run(folder, environment)
        before = served.count_requests()
        ours, plain = [], []
        for _ in range(options.rounds):
            ours.append(run(folder, environment))
            plain.append(run_plain(folder))
        if served.count_requests() != before:
            raise SystemExit("something was asked for")
    ratio = min(ours) / min(plain)
    print(
        f"unchanged  {min(ours):.2f} s / {min(plain):.2f} s = {ratio:.2f}, "
        f"{options.entries:,} entries (goal <= 1 s for 10,000); the first time {first:.2f} s"
    )


if __name__ == "__main__":
    main()
