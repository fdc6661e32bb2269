"""SIGKILL at every step of a run of 12 inferences over both providers, and then again until done.

A sample of the steps in an ordinary run; all of them with VIDI_ALL_KILL_POINTS=1.
"""

import os
import shutil

from killing import COUNT, Killable
from servers import serve_sandbox

SAMPLES = 8


def count_steps(folder):
    with serve_sandbox() as served:
        whole = Killable(folder, served)
        assert whole.run().returncode == 0
        return whole.steps


def test_wherever_it_is_killed_nothing_is_bought_twice_and_nothing_is_lost(tmp_path):
    steps = count_steps(tmp_path / "whole")
    assert steps > 20 * COUNT
    stride = 1 if os.environ.get("VIDI_ALL_KILL_POINTS") else steps // SAMPLES
    for die_at in range(1 + stride // 2, steps + 1, stride):
        folder = tmp_path / str(die_at)
        with serve_sandbox() as served:
            killed = Killable(folder, served)
            killed.run(die_at=die_at)
            killed.run_until_done()
            killed.check()
        shutil.rmtree(folder)
