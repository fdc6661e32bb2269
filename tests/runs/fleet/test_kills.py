"""Workers killed and frozen at random over a database that crashes: every night, not each time."""

import os

import pytest

from support.killing.fleet_loop import kill_workers
from support.servers.postgres import SKIPPED, find_binaries

ALL = os.environ.get("VIDI_ALL_FLEETS", "")


@pytest.mark.skipif(not ALL, reason="an hour: VIDI_ALL_FLEETS=1")
@pytest.mark.skipif(find_binaries() is None, reason=SKIPPED)
@pytest.mark.parametrize("seed", ["1", "2", "3", "4", "5"])
def test_nothing_is_bought_twice_or_lost_whoever_is_killed(tmp_path, seed):
    """1,000 inferences and 200 kills a seed; what ends wrongly raises."""
    told = kill_workers(tmp_path, count=1000, kills=200, seconds=1800, seed=seed, at_once=2)
    assert "0 twice, 0 lost, 0 over" in told
