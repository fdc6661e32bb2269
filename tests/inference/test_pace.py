"""When vidi looks at a running inference: by the clock alone, nothing is waited for."""

import time
from itertools import accumulate

import pytest

from vidi.inference.pace import LONGEST_WAIT_S, Pace


def notice(pace, duration):
    """How late the end of an inference is noticed, and with how many looks."""
    for number, moment in enumerate(accumulate(pace.delays("m", time.monotonic())), start=1):
        if moment >= duration:
            return moment - duration, number
    raise AssertionError


@pytest.mark.parametrize("duration", [0.5, 1.0, 2.0, 2.05, 2.2, 5.0, 30.0, 90.0])
def test_a_known_duration_is_noticed_within_five_percent(duration):
    pace = Pace()
    pace.learn("m", duration)
    late, count = notice(pace, duration * 1.005)
    assert late <= max(0.05, 0.05 * duration) + 0.01
    assert count <= 3


@pytest.mark.parametrize(("duration", "most"), [(0.5, 5), (2.0, 8), (60.0, 22), (600.0, 130)])
def test_an_unknown_duration_is_looked_at_ever_more_rarely(duration, most):
    late, count = notice(Pace(), duration)
    assert count <= most
    assert late <= LONGEST_WAIT_S


def test_a_longer_one_than_the_shortest_known_is_still_noticed():
    pace = Pace()
    pace.learn("m", 2.0)
    late, count = notice(pace, 60.0)
    assert late <= LONGEST_WAIT_S
    assert count <= 30


def test_what_had_ended_when_it_was_first_looked_at_is_looked_at_earlier_next_time():
    pace = Pace()
    for _ in range(40):
        first = next(pace.delays("m", time.monotonic()))
        pace.learn("m", max(first, 1.0), at_first_look=first >= 1.0)
    assert notice(pace, 1.0)[0] <= 0.08


def test_time_that_has_passed_since_it_was_sent_is_not_waited_for_again():
    pace = Pace()
    pace.learn("m", 10.0)
    assert next(pace.delays("m", time.monotonic() - 9.0)) == pytest.approx(0.5, abs=0.05)
    assert next(pace.delays("m", time.monotonic() - 99.0)) == 0.05
