"""Estimates of large job files: beside PyYAML's C composer on the file, and memory an entry."""

from __future__ import annotations

import tempfile
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import process
from figure import Figure

if TYPE_CHECKING:
    from collections.abc import Iterator

ENTRY = """\
  - id: a{0}
    model: {1}
    params:
      prompt: a picture number {0}
    output: x/{0}.webp
    tags: [a]
"""
MODELS = ("replicate/black-forest-labs/flux-schnell", "fal/fal-ai/flux/dev")
COMPOSE = "import sys, yaml; yaml.compose(open(sys.argv[1]), Loader=yaml.CLoader)"
FOREACH = """\
version: 1
budget: 100000
inferences:
  - id: a{{ item.number }}
    foreach: rows.csv
    model: fal/fal-ai/flux/dev
    params: {prompt: "{{ item.title }}"}
    output: x/{{ item.number }}.jpg
"""
COUNT = {"smallest": 50, "ordinary": 10_000, "full": 10_000}
GROWTH = {
    "smallest": (20, 40),
    "ordinary": (1000, 10_000, 50_000),
    "full": (1000, 10_000, 100_000),
}


def measure(size: str) -> Iterator[Figure]:
    """A list of entries beside its composer; then rows of a table, ever more of them."""
    count, rounds = COUNT[size], 1 if size == "smallest" else 5
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_job(folder / "big.yaml", count)
        ours, composed = process.compare_cpu(
            [process.PROGRAM, "big.yaml", "--estimate", "--json"],
            [process.PYTHON, "-c", COMPOSE, "big.yaml"],
            folder,
            rounds,
        )
        what = f"estimate of {count:,} entries"
        yield Figure(what, ours, "s CPU", "PyYAML's C composer", composed, 2)
        yield from _measure_growth(folder, GROWTH[size])


def _measure_growth(folder: Path, counts: tuple[int, ...]) -> Iterator[Figure]:
    """Two sizes at a time, so that what a run costs once is in neither."""
    spent = {}
    for count in counts:
        _write_rows(folder, count)
        command = [process.PROGRAM, "rows.yaml", "--estimate", "-q"]
        spent[count] = process.run(command, folder)
    for fewer, more in pairwise(counts):
        added = more - fewer
        cpu_s = spent[more].cpu_s - spent[fewer].cpu_s
        mib = spent[more].peak_mib - spent[fewer].peak_mib
        step = f"{fewer:,} to {more:,}"
        yield Figure(f"estimate of an entry of `foreach`, {step}", cpu_s / added * 1000, "ms CPU")
        yield Figure(
            f"memory of an entry of `foreach`, {step}", mib / added * 1024, "KiB", target=2
        )


def write_job(path: Path, count: int) -> None:
    """Write a job file of so many entries over two models."""
    entries = (ENTRY.format(number, MODELS[number % 2]) for number in range(count))
    head = "version: 1\nbudget: 100000\ninferences:\n"
    path.write_text(head + "".join(entries), encoding="utf-8")


def _write_rows(folder: Path, count: int) -> None:
    rows = "".join(f"{number},a picture number {number}\n" for number in range(count))
    (folder / "rows.csv").write_text(f"number,title\n{rows}", encoding="utf-8")
    (folder / "rows.yaml").write_text(FOREACH, encoding="utf-8")
