"""A short soak: `bench/soak.py` makes a long one by hand."""

import pytest

from soaking import Soaked, keep_ledgers, soak

ROUNDS = 2


@pytest.mark.parametrize("part", range(2))
def test_random_kills_and_faults_lose_nothing_and_buy_nothing_twice(zygote, tmp_path, part):
    numbers = iter(range(part * ROUNDS, (part + 1) * ROUNDS))
    with keep_ledgers(postgres=False) as ledgers:
        rounds = soak(tmp_path, zygote.run, "a short one", numbers, ledgers, seconds=60)
        total = sum(rounds, Soaked())
    assert total.rounds == ROUNDS
    assert total.kills >= ROUNDS
