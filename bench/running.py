"""What a run costs an inference: wall of those that take no time, CPU; real pictures."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import process
from figure import Figure
from overhead import spend_sdk, write_job
from served import serve

if TYPE_CHECKING:
    from collections.abc import Iterator

    from process import Spent
    from served import Served

MEMORY = Path("/dev/shm")
COUNTS = {"smallest": (4, 8), "ordinary": (256, 1024), "full": (1024, 4096)}
"""Two sizes, so that what a run costs once is apart."""
MOST_PICTURES = 256
"""Of a megapixel, in the smaller of two runs."""
AT_ONCE = 64
ROUNDS = 3
MEGAPIXEL = {"width": 1024, "height": 1024}


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
    with serve(0, pictures=True) as served:
        count = min(few, MOST_PICTURES)
        one, two = _find_least(served, (count, 3 * count), None, rounds, MEGAPIXEL)
        cpu_ms = (two.cpu_s - one.cpu_s) * 1000 / (2 * count)
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
        return carry_out(served, folder)


def carry_out(served: Served, folder: Path, *options: str) -> Spent:
    """Let `vidi-run` carry out the job of a folder, with a new ledger beside it."""
    environment = {**served.environment, "VIDI_LEDGER": str(folder / "ledger.sqlite3")}
    command = [process.PROGRAM, "job.yaml", "-j", str(AT_ONCE), "--no-report", "-q", *options]
    return process.run(command, folder, environment)
