"""What a run costs an inference: wall of those that take no time, CPU, memory; real pictures."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import process
from figure import Figure
from overhead import MODELS, spend_sdk, write_job
from served import serve

if TYPE_CHECKING:
    from collections.abc import Iterator

    from process import Spent
    from served import Served

MEMORY = Path("/dev/shm")
COUNTS = {"smallest": (4, 8), "ordinary": (256, 1024), "full": (1024, 4096)}
"""Two sizes, so that what a run costs once is apart."""
MEMORY_COUNTS = {"smallest": (4, 8), "ordinary": (2500, 5000), "full": (10_000, 100_000)}
"""The same for memory: more than those whose lines of the manifest are kept."""
MOST_MIB = 800 * 1000**2 / 1024**2
"""Of a run of 100,000."""
AT_ONCE = 64
ROUNDS = 3
MEGAPIXEL = {"width": 1024, "height": 1024}
ROW_JOB = f"""\
version: 1
name: job
budget: 10000
inferences:
  - id: "a{{{{ item.number }}}}"
    foreach: rows.csv
    model: {MODELS["fal"][0]}
    params: {{prompt: "a picture of number {{{{ item.number }}}}"}}
    output: "{{{{ item.number }}}}.png"
"""


def measure(size: str) -> Iterator[Figure]:
    """Inferences of no length, 64 at once, on a real disk and in memory; then with pictures."""
    few, many = COUNTS[size]
    places = {"disk": None, "memory": MEMORY} if MEMORY.is_dir() else {"disk": None}
    rounds = 1 if size == "smallest" else ROUNDS
    with serve(0) as served:
        for place, root in places.items():
            one, two = _find_least(served, (few, many), root, rounds)
            wall_ms = (two.wall_s - one.wall_s) * 1000 / (many - few)
            cpu_ms = (two.cpu_s - one.cpu_s) * 1000 / (many - few)
            target = 10 if place == "disk" else None
            yield Figure(f"an inference of no length, 64 at once ({place})", wall_ms, "ms",
                         target=target)  # fmt: skip
            yield Figure(f"CPU of an inference ({place})", cpu_ms, "ms CPU", target=6)
            if place == "disk":
                yield _beside_sdk(served, cpu_ms, (few, many), rounds)
        yield from _measure_memory(served, *MEMORY_COUNTS[size])
    with serve(0, pictures=True) as served:
        count = max(few // 4, 2)
        one, two = _find_least(served, (count, 2 * count), None, rounds, MEGAPIXEL)
        cpu_ms = (two.cpu_s - one.cpu_s) * 1000 / count
        yield Figure("CPU with a PNG of 1 megapixel, checked", cpu_ms, "ms CPU", target=12)


def _find_least(
    served: Served,
    counts: tuple[int, int],
    root: Path | None,
    rounds: int,
    pixels: dict[str, int] | None = None,
) -> list[Spent]:
    """The least that runs of each size took, by turns: what else the machine does only adds."""
    made = [[_run(served, "fal", count, root, pixels) for count in counts] for _ in range(rounds)]
    return [process.find_least(runs) for runs in zip(*made, strict=True)]


def _beside_sdk(served: Served, cpu_ms: float, counts: tuple[int, int], rounds: int) -> Figure:
    """What the SDK's own loop spends on one: no journal, no ledger, nothing checked."""
    made = [[spend_sdk(served, "fal", count, AT_ONCE) for count in counts] for _ in range(rounds)]
    one, two = (process.find_least(runs) for runs in zip(*made, strict=True))
    other = (two.cpu_s - one.cpu_s) * 1000 / (counts[1] - counts[0])
    return Figure("the same (disk)", cpu_ms, "ms CPU", "the SDK's own loop", other)


def _measure_memory(served: Served, few: int, many: int) -> Iterator[Figure]:
    """Of entries of a list, each with a plan of its own, and of rows of one, which share theirs."""
    for kind, write in {"a list": _write_list, "one `foreach`": _write_rows}.items():
        spent = {}
        for count in (few, many):
            with tempfile.TemporaryDirectory() as name:
                write(Path(name), count)
                spent[count] = _carry_out(served, Path(name), "--yes")
        kib = (spent[many].peak_mib - spent[few].peak_mib) * 1024 / (many - few)
        what = f"{few:,} to {many:,} of {kind}"
        yield Figure(f"memory of an inference while running, {what}", kib, "KiB", target=6)
        what = f"memory of a run of {many:,} of {kind}"
        yield Figure(what, spent[many].peak_mib, "MiB", target=MOST_MIB)


def _write_list(folder: Path, count: int) -> None:
    write_job(folder, "fal", count)


def _write_rows(folder: Path, count: int) -> None:
    rows = "".join(f"{number:06}\n" for number in range(count))
    (folder / "rows.csv").write_text(f"number\n{rows}", encoding="utf-8")
    (folder / "job.yaml").write_text(ROW_JOB, encoding="utf-8")


def _run(
    served: Served,
    provider: str,
    count: int,
    root: Path | None,
    pixels: dict[str, int] | None = None,
) -> Spent:
    """Let `vidi-run` make so many, in a new folder with a new ledger on the same disk."""
    with tempfile.TemporaryDirectory(dir=root) as name:
        folder = Path(name)
        write_job(folder, provider, count, pixels)
        return _carry_out(served, folder)


def _carry_out(served: Served, folder: Path, *options: str) -> Spent:
    environment = {**served.environment, "VIDI_LEDGER": str(folder / "ledger.sqlite3")}
    command = [process.PROGRAM, "job.yaml", "-j", str(AT_ONCE), "--no-report", "-q", *options]
    return process.run(command, folder, environment)
