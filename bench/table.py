"""Every figure of vidi, beside what it is measured by, as one table.

    python bench/table.py [--only starting estimate] [--size smallest|ordinary|full] [--json]

`full` measures 100,000 entries and every concurrency, for an hour and a half; `ordinary` takes a
third of an hour.
On a machine that does other work too, CPU and ratios say something, and wall clocks little.
docs/figures.md is made of `--out docs/figures.json`: benches measured anew take the place of what
the file has of them, the others stay.
"""

from __future__ import annotations

import argparse
import json
import platform
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import download
import estimate
import journal
import memory
import overhead
import running
import starting
import unchanged
from figure import render_table

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from figure import Figure

    Measured = dict[str, Any]
    """As JSON: how each bench was run (`benches`), and what came out (`figures`)."""

BENCHES = {
    "starting": starting,
    "estimate": estimate,
    "unchanged": unchanged,
    "running": running,
    "memory": memory,
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
    measured = _measure(measures, options)
    if options.out:
        before = json.loads(options.out.read_text("utf-8")) if options.out.exists() else None
        text = _show(_merge(measures, before, measured) if before else measured)
        options.out.write_text(text, encoding="utf-8")
    print(_show(measured) if options.json else render_table(measured["figures"]), end="")


def _measure(
    measures: Mapping[str, Callable[[str], Iterable[Figure]]], options: argparse.Namespace
) -> Measured:
    figures = []
    for name in options.only:
        for figure in measures[name](options.size):
            shown = {"bench": name, **figure.to_json()}
            figures.append(shown)
            print(figure.name, f"{figure.value:.3g} {figure.unit}", file=sys.stderr, flush=True)
    how = {
        "measured_on": datetime.now(UTC).date().isoformat(),
        "python": platform.python_version(),
        "size": options.size,
    }
    return {"benches": dict.fromkeys(options.only, how), "figures": figures}


def _merge(order: Iterable[str], before: Measured, now: Measured) -> Measured:
    """What was measured now in place of what was measured of the same benches before."""
    benches, figures = {}, []
    for name in order:
        made = now if name in now["benches"] else before
        benches |= {name: made["benches"][name]} if name in made["benches"] else {}
        figures += [each for each in made["figures"] if each["bench"] == name]
    return {"benches": benches, "figures": figures}


def _show(measured: Measured) -> str:
    return json.dumps(measured, indent=2, ensure_ascii=False) + "\n"


def _read_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--only", nargs="+", choices=BENCHES, default=list(BENCHES))
    parser.add_argument("--size", choices=("smallest", "ordinary", "full"), default="ordinary")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--out", type=Path, help="keep the JSON there, too")
    return parser.parse_args()


if __name__ == "__main__":
    main()
