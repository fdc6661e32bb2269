"""A run with nothing to do: every entry is finished, and its asset is as it was made.

Beside the least that could do: plain Python that reads the job file with PyYAML's C composer and
the journal as JSON, and stats every asset. One entry is bought from the sandbox; the journal and
the asset of the others are copies of its own.
"""

from __future__ import annotations

import json
import shutil
import tempfile
from datetime import datetime, timedelta
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

import process
from figure import Figure
from sdk_loop import REPLICATE_INPUT, REPLICATE_MODEL
from served import serve

from vidi.inference.tracking.journal.checksum import add_checksum

if TYPE_CHECKING:
    from collections.abc import Iterator

    from process import Spent

COUNT = {"smallest": 20, "ordinary": 10_000, "full": 10_000}
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
    for number in range(1, count):
        shutil.copy2(asset, folder / OUTPUTS / f"x/{number}.jpg")
    repeated = (event for number in range(count) for event in _rename(own, number))
    with log.open("wb") as file:
        for at, event in enumerate(chain([head], repeated, [end]), start=1):
            file.write(_sign({**event, "seq": at}))
    write_job(folder, count)


def _rename(events: list[dict], number: int) -> Iterator[dict[str, object]]:
    """The events of the first entry as those of another, a moment later for each: as times are."""
    for event in events:
        moment = datetime.fromisoformat(event["ts"]) + timedelta(milliseconds=number)
        named = {**event, "id": f"a{number}", "ts": moment.isoformat(timespec="microseconds")}
        yield {**named, "path": f"x/{number}.jpg"} if event["event"] == "asset" else named


def _sign(event: dict[str, object]) -> bytes:
    """An event as a line of the journal, with the checksum that belongs there."""
    del event["sum"]
    line = json.dumps(event, ensure_ascii=False, separators=(",", ":")).encode()
    return add_checksum(line, 0) + b"\n"


def run(folder: Path, environment: dict[str, str], *options: str) -> Spent:
    """Run the job."""
    return process.run([process.PROGRAM, "job.yaml", "-q", *options], folder, environment)


def measure(size: str) -> Iterator[Figure]:
    """Clean, by the stamp; and where it must look: all that the stamp does not answer."""
    count, rounds = COUNT[size], 1 if size == "smallest" else 5
    with tempfile.TemporaryDirectory() as name, serve(0) as served:
        folder = Path(name)
        environment = {**served.environment, "VIDI_LEDGER": str(folder / "ledger.sqlite3")}
        finish(folder, count, environment)
        run(folder, environment)
        before = served.count_requests()
        plain = [process.PYTHON, "-c", PLAIN]
        pairs = [
            (run(folder, environment).cpu_s, process.run(plain, folder).cpu_s)
            for _ in range(rounds)
        ]
        looked = min(run(folder, environment, "--json").cpu_s for _ in range(rounds))
        selected = min(run(folder, environment, "--select", "a*").cpu_s for _ in range(rounds))
        for asset in (folder / OUTPUTS / "x").iterdir():
            asset.touch()
        restored = min(run(folder, environment, "--json").cpu_s for _ in range(rounds))
        if served.count_requests() != before:
            raise SystemExit("something was asked for")
    ours, least = (min(each) for each in zip(*pairs, strict=True))
    what = f"nothing to do on {count:,}"
    yield Figure(what, ours, "s CPU", target=0.6)
    yield Figure(
        f"{what}, beside the least", ours, "s CPU", "plain Python that reads the same files", least
    )
    yield Figure(f"{what}, all looked at (`--json`)", looked, "s CPU", target=2)
    yield Figure(f"{what}, a selector", selected, "s CPU", target=2)
    yield Figure(f"{what}, a CI cache restored (new times)", restored, "s CPU", target=2)
