import time
from itertools import pairwise

import pytest

from support.ledgers import change
from vidi.inference.tracking.ledger.connection import open_ledger
from vidi.inference.tracking.ledger.pace import (
    Account,
    close_account,
    leave_place,
    look_for_turn,
    take_place,
    take_turn,
)

OURS = Account("replicate", "ours")
OTHERS = Account("replicate", "others")


def waits(ledger, account, per_minute, turns):
    return [ledger.do(take_turn(account, per_minute)).wait_s for _ in range(turns)]


def test_after_a_short_burst_turns_come_at_the_even_rate(ledger):
    """At 60 a minute: six at once, then one a second."""
    found = waits(ledger, OURS, 60, 12)
    assert found[:6] == [0.0] * 6
    assert found[7:] == pytest.approx([1, 2, 3, 4, 5], abs=0.9)
    steps = [after - before for before, after in pairwise(found[7:])]
    assert steps == pytest.approx([1] * 4, abs=0.3)
    assert waits(ledger, OTHERS, 1, 3) == pytest.approx([0, 54, 114], abs=0.9)


def test_two_processes_share_the_rate_and_two_accounts_do_not(address, ledger):
    second = open_ledger(address)
    first_waits = waits(ledger, OURS, 60, 6)
    assert first_waits == [0.0] * 6
    assert waits(second, OURS, 60, 3)[-1] == pytest.approx(2, abs=0.9)
    assert waits(second, OTHERS, 60, 6) == [0.0] * 6
    second.close()


def test_without_a_rate_nobody_waits(ledger):
    assert {ledger.do(look_for_turn(OURS)) for _ in range(50)} == {(True, 0.0)}


def test_not_now_closes_the_account_for_everybody_and_ends_the_burst(address, ledger):
    ledger.do(close_account(OURS, 30))
    second = open_ledger(address)
    assert second.do(look_for_turn(OURS)) == (False, pytest.approx(30, abs=1))
    assert second.do(take_turn(OURS, 60)) == (False, pytest.approx(30, abs=1))
    assert second.do(look_for_turn(OTHERS)) == (True, 0.0)
    change(ledger, "UPDATE vidi_paces SET closed_until = 0.0")
    assert waits(second, OURS, 60, 2)[-1] == pytest.approx(31, abs=1)
    second.close()


def test_a_shorter_not_now_does_not_open_what_a_longer_one_closed(ledger):
    ledger.do(close_account(OURS, 30))
    ledger.do(close_account(OURS, 1))
    assert ledger.do(look_for_turn(OURS)).wait_s == pytest.approx(30, abs=1)


def set_clock_back(ledger, seconds):
    """Leave everything as a clock left it that was ahead by so long."""
    for table, column in (("paces", "next_at"), ("paces", "closed_until"), ("leases", "until")):
        later = f"UPDATE vidi_{table} SET {column} = {column} + :seconds WHERE {column} > 0"
        change(ledger, later, seconds=seconds)


AHEAD = pytest.mark.parametrize("ahead", [600, 3_000, 86_400, 10 * 365 * 86_400])


@AHEAD
@pytest.mark.parametrize("rate", [60, 600])
def test_a_clock_that_was_ahead_holds_nobody_back(ledger, ahead, rate):
    ledger.do(take_turn(OURS, rate))
    ledger.do(close_account(OURS, 30))
    set_clock_back(ledger, ahead)
    assert ledger.do(look_for_turn(OURS)) == (True, 0.0)
    assert ledger.do(take_turn(OURS, rate)) == (True, 0.0)


@AHEAD
def test_not_now_is_heard_after_a_clock_was_ahead(ledger, ahead):
    ledger.do(close_account(OURS, 30))
    set_clock_back(ledger, ahead)
    ledger.do(close_account(OURS, 20))
    assert ledger.do(look_for_turn(OURS)) == (False, pytest.approx(20, abs=1))
    assert ledger.do(take_turn(OURS, 60)) == (False, pytest.approx(20, abs=1))


@AHEAD
def test_a_place_that_was_taken_by_a_clock_that_was_ahead_falls_free(ledger, ahead):
    assert ledger.do(take_place(OURS, "gone", 1))
    set_clock_back(ledger, ahead)
    assert ledger.do(take_place(OURS, "next", 1))


def test_a_clock_that_is_set_forward_only_ends_waits(ledger):
    ledger.do(close_account(OURS, 30))
    set_clock_back(ledger, -3600)
    assert ledger.do(take_turn(OURS, 60)) == (True, 0.0)


def test_a_place_is_kept_by_taking_it_again(ledger):
    assert ledger.do(take_place(OURS, "a", 1))
    set_clock_back(ledger, -50)
    assert ledger.do(take_place(OURS, "a", 1))
    set_clock_back(ledger, -50)
    assert not ledger.do(take_place(OURS, "b", 1)), "60 s from the last time, not from the first"
    set_clock_back(ledger, -20)
    assert ledger.do(take_place(OURS, "b", 1))


def test_places_are_shared_by_all_and_given_up(address, ledger):
    second = open_ledger(address)
    assert [ledger.do(take_place(OURS, name, 2)) for name in ("a", "b", "c")] == [True, True, False]
    assert not second.do(take_place(OURS, "c", 2))
    assert second.do(take_place(OTHERS, "c", 2))
    assert ledger.do(take_place(OURS, "a", 2)), "who has one keeps it"
    ledger.do(leave_place(OURS, "a"))
    assert second.do(take_place(OURS, "c", 2))
    second.close()


def test_the_place_of_a_process_that_is_gone_falls_free(ledger):
    assert ledger.do(take_place(OURS, "gone", 1))
    change(ledger, "UPDATE vidi_leases SET until = :until", until=time.time() - 1)
    assert ledger.do(take_place(OURS, "next", 1))
