"""Kill real runs at random steps, thousands of times by hand, a few in CI; see tests/killing.py.

    python bench/soak.py --rounds 1000 [--seed 1]

Each round is a folder of its own against a sandbox of its own: a run of 12 inferences is killed up
to four times at random steps, then run until it is done; then everything must be there, bought
once, and every cent accounted for.
"""

from __future__ import annotations

import argparse
import random
import shutil
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT / "runner"), str(ROOT / "tests")]

from killing import Killable  # noqa: E402
from servers import serve_sandbox  # noqa: E402

MOST_KILLS = 4


def run_round(folder: Path, rng: random.Random) -> list[int]:
    """Kill a run a few times and bring it to its end; returns where it was killed."""
    kills = [rng.randint(1, 400) for _ in range(rng.randint(1, MOST_KILLS))]
    try:
        with serve_sandbox(latency=rng.choice([0.0, 0.05])) as served:
            killed = Killable(folder, served)
            for die_at in kills:
                killed.run(die_at=die_at)
            killed.run_until_done()
            killed.check()
    except AssertionError as error:
        raise SystemExit(f"killed at {kills}: {error}\nkept in {folder}") from error
    shutil.rmtree(folder)
    return kills


def main() -> None:
    """Run the rounds and count them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    rng = random.Random(options.seed)
    base = Path(tempfile.mkdtemp(prefix="vidi-soak-"))
    count = 0
    for number in range(options.rounds):
        count += len(run_round(base / str(number), rng))
    base.rmdir()
    print(f"{options.rounds} runs, killed {count} times: nothing lost, nothing bought twice")


if __name__ == "__main__":
    main()
