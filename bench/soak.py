"""Kill real runs at random, thousands of times, while things go wrong.

The rounds are tests/support/killing/soak.py.

    python bench/soak.py --rounds 1000 [--minutes 30] [--seed 1] [--first 0] [--postgres]

A round that fails says its number: `--seed S --first NUMBER --rounds 1` makes the same again.
"""

from __future__ import annotations

import argparse
import logging
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "runner"), str(ROOT / "tests")]

from support.commands import run_warmed  # noqa: E402
from support.killing.soak import Soaked, keep_ledgers, soak  # noqa: E402

TOLD_EVERY = 25


def main() -> None:
    """Make the rounds and count what happened."""
    logging.disable(logging.ERROR)  # the sandbox complains of every client that dies
    options = _read_options()
    numbers = range(options.first, options.first + options.rounds)
    base = Path(tempfile.mkdtemp(prefix="vidi-soak-"))
    total = Soaked()
    with keep_ledgers(postgres=options.postgres) as ledgers:
        seconds = options.minutes * 60
        for each in soak(base, run_warmed, options.seed, iter(numbers), ledgers, seconds):
            total += each
            if total.rounds % TOLD_EVERY == 0:
                print(total, flush=True)
    base.rmdir()
    print(f"{total}: nothing lost, nothing bought twice, every cent accounted for")


def _read_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--minutes", type=float, default=60.0)
    parser.add_argument("--seed", default="0")
    parser.add_argument("--first", type=int, default=0, help="the number of the first round")
    parser.add_argument("--postgres", action="store_true", help="every second ledger is one there")
    return parser.parse_args()


if __name__ == "__main__":
    main()
