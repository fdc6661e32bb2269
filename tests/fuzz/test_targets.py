"""What once ended badly ends in words, and so does what hypothesis makes up.

`cd tests; python -m fuzz all --minutes 5` tries for longer, and keeps what it finds in `corpus/`.
"""

import os

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from fuzz import room
from fuzz.target import End, find_cases, find_targets, try_input

TARGETS = find_targets()
SLOW = {"sandbox_runs": 2, "plan_files": 8, "differences": 5, "ledger_rows": 5, "settings_files": 6}
"""Inputs in an ordinary run, of targets whose inputs take long."""
USUAL = 12
ALL = 2000 if os.environ.get("VIDI_ALL_FUZZ") else 0


@pytest.fixture(scope="module", autouse=True)
def _home_of_its_own():
    saved = dict(os.environ)
    room.home.cache_clear()
    yield
    room.home.cache_clear()
    os.environ.clear()
    os.environ.update(saved)


@pytest.mark.parametrize("name", TARGETS)
def test_what_once_ended_badly_ends_in_words(name):
    ends = {path.name: try_input(TARGETS[name], path.read_bytes()) for path in find_cases(name)}
    assert {key: end for key, end in ends.items() if not end.caught} == {}


@pytest.mark.parametrize("name", TARGETS)
def test_whatever_comes_ends_in_words(name):
    target = TARGETS[name]

    @settings(
        max_examples=ALL or SLOW.get(name, USUAL),
        phases=(Phase.generate,),
        database=None,
        suppress_health_check=[*HealthCheck],
    )
    @given(chance=st.randoms(use_true_random=False))
    def try_some(chance):
        end: End = try_input(target, target.make(chance))
        assert end.caught, end.kind

    try_some()
