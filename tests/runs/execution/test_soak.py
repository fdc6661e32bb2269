"""A short soak: `bench/soak.py` makes a long one by hand."""

import pytest

from support.commands import run_warmed
from support.killing.soak import keep_ledgers, soak


@pytest.mark.parametrize("number", range(3))
def test_random_kills_and_faults_lose_nothing_and_buy_nothing_twice(tmp_path, number):
    with keep_ledgers(postgres=False) as ledgers:
        rounds = soak(tmp_path, run_warmed, "a short one", iter([number]), ledgers, seconds=60)
        (soaked,) = rounds
    assert soaked.kills > 0
