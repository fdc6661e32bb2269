"""Every bench runs and prints its figures; how good they are is for people to read.

An ordinary run tries those that are done in a second; all of them run with VIDI_ALL_BENCHES=1.
"""

import os
import subprocess
import sys
from pathlib import Path

import pytest

BENCH = Path(__file__).parents[1] / "bench"
SMALLEST = {
    "download.py --mib 1 --rounds 1": '"ratio":',
    "estimate.py 50": "estimate  ",
    "gallery.py 30 --rounds 1": "load event, ms",
    "journal.py --events 100 --inferences 10 20": "bytes  ",
    "overhead.py --provider fal --latency 0.05 --at-once 2 --waves 1": "| fal | 0.05 | 2 |",
    "unchanged.py 20 --rounds 1": "unchanged  ",
}
ALL = bool(os.environ.get("VIDI_ALL_BENCHES"))
FAST = ("download.py", "journal.py")
TRIED = [command for command in SMALLEST if ALL or command.startswith(FAST)]


def test_every_bench_has_its_smallest_setting():
    programs = {path.name for path in BENCH.glob("*.py") if "__main__" in path.read_text()}
    parts = {"sdk_loop.py", "served.py", "soak.py"}  # the soak has a test of its own
    assert programs - parts == {command.split()[0] for command in SMALLEST}


@pytest.mark.parametrize("command", TRIED)
def test_a_bench_prints_its_figures(command, tmp_path):
    script, *arguments = command.split()
    done = subprocess.run(
        [sys.executable, BENCH / script, *arguments],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    assert SMALLEST[command] in done.stdout
