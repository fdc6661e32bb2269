"""When vidi looks at a running inference: by a clock of its own, nothing is waited for."""

import pytest

from vidi.inference.lifecycle.pace import (
    FIRST_LOOK_S,
    LONGEST_DOUBT_S,
    LONGEST_WAIT_S,
    OTHERS_STEP_S,
    Pace,
)

DURATIONS = [0.5, 1.0, 2.0, 2.05, 2.2, 5.0, 30.0, 90.0, 600.0]


class Clock:
    """Moves only when somebody waits."""

    now = 1000.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def pace(clock):
    return Pace(clock)


def count_looks(delays, clock, duration):
    """How late the end of an inference that begins now is noticed, and with how many looks."""
    end = clock.now + duration
    for number, delay in enumerate(delays, start=1):
        clock.now += delay
        if clock.now >= end:
            delays.close()
            return clock.now - end, number
    raise AssertionError


def notice(pace, clock, duration):
    return count_looks(pace.delays("m", clock.now, lambda: None), clock, duration)


@pytest.mark.parametrize("duration", DURATIONS)
@pytest.mark.parametrize("share", [0.96, 1.0, 1.005, 1.05])
def test_a_known_duration_is_noticed_within_five_percent(pace, clock, duration, share):
    pace.learn("m", duration)
    late, looks = notice(pace, clock, duration * share)
    assert late <= max(0.05, 0.05 * duration) + 0.001
    assert looks <= 4


@pytest.mark.parametrize(("duration", "most"), [(0.5, 11), (2.0, 37), (60.0, 124), (600.0, 196)])
def test_the_first_of_an_unknown_model_is_looked_at_ever_more_rarely(pace, clock, duration, most):
    late, looks = notice(pace, clock, duration)
    assert looks <= most
    assert late <= min(max(0.05, 0.04 * duration), LONGEST_WAIT_S)


def test_many_unknown_models_at_once_share_their_looks(pace, clock):
    scouts = [pace.delays(f"m{number}", clock.now, lambda: None) for number in range(40)]
    assert {next(scout) for scout in scouts} == {FIRST_LOOK_S}
    assert {next(scout) for scout in scouts} == {5 * FIRST_LOOK_S}


@pytest.mark.parametrize(("duration", "most"), [(0.5, 1), (2.0, 3), (60.0, 11), (600.0, 65)])
def test_the_others_of_an_unknown_model_are_looked_at_rarely(pace, clock, duration, most):
    next(scout := pace.delays("m", clock.now, lambda: None))
    assert notice(pace, clock, duration)[1] <= most
    scout.close()


def test_the_others_are_woken_when_the_model_is_known_and_wait_for_their_own_time(pace, clock):
    woken = []
    next(scout := pace.delays("m", clock.now, lambda: woken.append("scout")))
    next(scout)
    clock.now += 0.5
    next(other := pace.delays("m", clock.now, lambda: woken.append("other")))
    clock.now += 1.5
    scout.close()
    pace.learn("m", 2.0)
    assert set(woken) == {"other"}
    assert next(other) == pytest.approx(0.5)


def test_when_the_first_of_an_unknown_model_teaches_nothing_another_one_scouts(pace, clock):
    next(scout := pace.delays("m", clock.now, lambda: None))
    scout.close()
    assert notice(pace, clock, 2.0)[1] > 3


def test_one_that_waits_already_scouts_where_the_first_one_ends_and_teaches_nothing(pace, clock):
    woken = []
    next(scout := pace.delays("m", clock.now, lambda: None))
    others = [pace.delays("m", clock.now, lambda name=name: woken.append(name)) for name in "ab"]
    assert [next(other) for other in others] == [OTHERS_STEP_S] * 2
    scout.close()
    assert len(woken) == 1
    waits = sorted(next(other) for other in others)
    assert waits == [FIRST_LOOK_S, OTHERS_STEP_S]


def test_a_longer_one_than_the_shortest_known_is_still_noticed(pace, clock):
    pace.learn("m", 2.0)
    late, looks = notice(pace, clock, 60.0)
    assert late <= LONGEST_WAIT_S
    assert looks <= 30


def test_what_had_ended_when_it_was_first_looked_at_is_looked_at_earlier_next_time(pace, clock):
    for _ in range(40):
        late, looks = notice(pace, clock, 1.0)
        pace.learn("m", 1.0 + late, at_first_poll=looks == 1)
    assert notice(pace, clock, 1.0)[0] <= 0.08


def test_time_that_has_passed_since_it_began_is_not_waited_for_again(pace, clock):
    pace.learn("m", 10.0)
    assert next(pace.delays("m", clock.now - 9.0, lambda: None)) == pytest.approx(1.0)
    assert next(pace.delays("m", clock.now - 99.0, lambda: None)) == 0.05


@pytest.mark.parametrize(("duration", "most"), [(0.5, 1), (2.0, 2), (60.0, 8), (600.0, 26)])
def test_beside_a_silent_word_a_look_comes_ever_more_rarely(pace, clock, duration, most):
    late, looks = count_looks(pace.doubts("m", clock.now), clock, duration)
    assert looks <= most
    assert late <= min(max(3.0, 0.8 * duration), LONGEST_DOUBT_S)


@pytest.mark.parametrize("duration", DURATIONS)
def test_beside_a_silent_word_a_known_model_is_looked_at_once_it_is_overdue(pace, clock, duration):
    pace.learn("m", duration)
    late, looks = count_looks(pace.doubts("m", clock.now), clock, duration)
    assert (late, looks) == (pytest.approx(0.2 * duration + 0.05), 1)
