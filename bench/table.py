"""Every figure of vidi, beside what it is measured by, as one table.

    python bench/table.py [--only starting estimate] [--size smallest|ordinary|full] [--json]

`full` measures 100,000 entries and every concurrency, for an hour; `ordinary` takes a quarter of
one.
On a machine that does other work too, CPU and ratios say something, and wall clocks little.
docs/figures.md is made of `--json --out docs/figures.json`.
"""

from __future__ import annotations

import argparse
import json
import platform
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import download
import estimate
import journal
import overhead
import running
import starting
import unchanged
from figure import render_table

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from figure import Figure

BENCHES = {
    "starting": starting,
    "estimate": estimate,
    "unchanged": unchanged,
    "running": running,
    "overhead": overhead,
    "journal": journal,
    "download": download,
}


def main() -> None:
    """Measure what was asked for; each figure is told as soon as it is there."""
    tell_figures({name: bench.measure for name, bench in BENCHES.items()}, _read_options())


def tell_figures(
    measures: Mapping[str, Callable[[str], Iterable[Figure]]], options: argparse.Namespace
) -> None:
    """Measure what `options.only` names, in the size and the form that the options say."""
    figures = []
    for name in options.only:
        for figure in measures[name](options.size):
            shown = {"bench": name, **figure.to_json()}
            figures.append(shown)
            print(figure.name, f"{figure.value:.3g} {figure.unit}", file=sys.stderr, flush=True)
    answer = {
        "measured_on": datetime.now(UTC).date().isoformat(),
        "python": platform.python_version(),
        "size": options.size,
        "figures": figures,
    }
    text = json.dumps(answer, indent=2, ensure_ascii=False) + "\n"
    if options.out:
        options.out.write_text(text, encoding="utf-8")
    print(text if options.json else render_table(figures), end="")


def _read_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--only", nargs="+", choices=BENCHES, default=list(BENCHES))
    parser.add_argument("--size", choices=("smallest", "ordinary", "full"), default="ordinary")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--out", type=Path, help="write the JSON there, too")
    return parser.parse_args()


if __name__ == "__main__":
    main()
