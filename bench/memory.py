"""What a run holds in memory for each inference, and all in all."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from figure import Figure
from overhead import MODELS, write_job
from running import carry_out
from served import serve

if TYPE_CHECKING:
    from collections.abc import Iterator

    from served import Served

COUNTS = {"smallest": (4, 8), "ordinary": (2500, 10_000), "full": (10_000, 100_000)}
"""Two sizes, so that what a run takes once is apart: more than those whose lines of the manifest
are kept."""
MOST_MIB = 800 * 1000**2 / 1024**2
"""Of a run of 100,000."""
ROW_JOB = f"""\
version: 1
name: job
budget: 10000
inferences:
  - id: "a{{{{ item.number }}}}"
    foreach: rows.csv
    model: {MODELS["fal"][0]}
    params:
      prompt: "a picture of number {{{{ item.number }}}}"
      image_size: {{width: 64, height: 64}}
    output: "{{{{ item.number }}}}.png"
"""


def measure(size: str) -> Iterator[Figure]:
    """Of entries of a list, each with a plan of its own, and of rows of one, which share theirs."""
    with serve(0) as served:
        yield from _measure_kinds(served, *COUNTS[size])


def _measure_kinds(served: Served, few: int, many: int) -> Iterator[Figure]:
    for kind, write in {"a list": _write_list, "one `foreach`": _write_rows}.items():
        spent = {}
        for count in (few, many):
            with tempfile.TemporaryDirectory() as name:
                write(Path(name), count)
                spent[count] = carry_out(served, Path(name), "--yes")
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
