"""How fast vidi starts and estimates, as ratios to what it stands on: `python bench/estimate.py`.

    start       `vidi-run --version`       beside `python -c "import click"`       goal <= 2.5
    estimate    10,000 entries             beside PyYAML's C composer on the file  goal <= 3

Each figure is the best of a few runs, side by side in one go, so that the machine's mood is shared.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from pathlib import Path

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
PROGRAM = Path(sys.executable).with_name("vidi-run")


def best_of(times: int, *command: object, cwd: Path) -> float:
    """The shortest time that a command takes, in seconds."""
    seconds = []
    for _ in range(times):
        began = time.perf_counter()
        subprocess.run(command, cwd=cwd, check=True, capture_output=True)
        seconds.append(time.perf_counter() - began)
    return min(seconds)


def write_job(path: Path, count: int) -> None:
    """Write a job file of so many entries over two models."""
    entries = (ENTRY.format(number, MODELS[number % 2]) for number in range(count))
    head = "version: 1\nbudget: 100000\ninferences:\n"
    path.write_text(head + "".join(entries), encoding="utf-8")


def main() -> None:
    """Measure and print a line for each figure."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_job(folder / "big.yaml", count)
        click = best_of(7, sys.executable, "-c", "import click", cwd=folder)
        version = best_of(7, PROGRAM, "--version", cwd=folder)
        print(f"start     {version:.3f} s / {click:.3f} s = {version / click:.2f} (goal <= 2.5)")
        compose = best_of(3, sys.executable, "-c", COMPOSE, "big.yaml", cwd=folder)
        estimate = best_of(3, PROGRAM, "big.yaml", "--estimate", "--json", cwd=folder)
        ratio = estimate / compose
        print(f"estimate  {estimate:.2f} s / {compose:.2f} s = {ratio:.2f} (goal <= 3), {count:,}")


if __name__ == "__main__":
    main()
