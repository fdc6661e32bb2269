import time
from itertools import pairwise

import pytest
import sqlalchemy as sa

from vidi.inference.tracking.ledger_connection import open_ledger
from vidi.inference.tracking.ledger_pace import (
    Account,
    close_account,
    leave_place,
    look_for_turn,
    take_place,
    take_turn,
)
from vidi.inference.tracking.ledger_schema import leases, paces

OURS = Account("replicate", "ours")
OTHERS = Account("replicate", "others")


def waits(ledger, account, per_minute, turns):
    return [take_turn(ledger, account, per_minute).wait_s for _ in range(turns)]


def test_after_a_short_burst_turns_come_at_the_even_rate(ledger):
    """At 60 a minute: six at once, then one a second."""
    found = waits(ledger, OURS, 60, 12)
    assert found[:6] == [0.0] * 6
    assert found[7:] == pytest.approx([1, 2, 3, 4, 5], abs=0.9)
    steps = [after - before for before, after in pairwise(found[7:])]
    assert steps == pytest.approx([1] * 4, abs=0.3)


def test_two_processes_share_the_rate_and_two_accounts_do_not(address, ledger):
    second = open_ledger(address)
    first_waits = waits(ledger, OURS, 60, 6)
    assert first_waits == [0.0] * 6
    assert waits(second, OURS, 60, 3)[-1] == pytest.approx(2, abs=0.9)
    assert waits(second, OTHERS, 60, 6) == [0.0] * 6
    second.close()


def test_without_a_rate_nobody_waits(ledger):
    assert {look_for_turn(ledger, OURS) for _ in range(50)} == {(True, 0.0)}


def test_not_now_closes_the_account_for_everybody_and_ends_the_burst(address, ledger):
    close_account(ledger, OURS, 30)
    second = open_ledger(address)
    assert look_for_turn(second, OURS) == (False, pytest.approx(30, abs=1))
    assert take_turn(second, OURS, 60) == (False, pytest.approx(30, abs=1))
    assert look_for_turn(second, OTHERS) == (True, 0.0)
    with ledger.writing() as connection:
        connection.execute(sa.update(paces).values(closed_until=0.0))
    assert waits(second, OURS, 60, 2)[-1] == pytest.approx(31, abs=1)
    second.close()


def test_a_shorter_not_now_does_not_open_what_a_longer_one_closed(ledger):
    close_account(ledger, OURS, 30)
    close_account(ledger, OURS, 1)
    assert look_for_turn(ledger, OURS).wait_s == pytest.approx(30, abs=1)


def test_a_clock_that_was_wrong_holds_nobody_back(ledger):
    take_turn(ledger, OURS, 60)
    with ledger.writing() as connection:
        far = time.time() + 86_400
        connection.execute(sa.update(paces).values(next_at=far, closed_until=far))
    assert look_for_turn(ledger, OURS) == (True, 0.0)
    assert take_turn(ledger, OURS, 60) == (True, 0.0)


def test_places_are_shared_by_all_and_given_up(address, ledger):
    second = open_ledger(address)
    assert [take_place(ledger, OURS, name, 2) for name in ("a", "b", "c")] == [True, True, False]
    assert not take_place(second, OURS, "c", 2)
    assert take_place(second, OTHERS, "c", 2)
    assert take_place(ledger, OURS, "a", 2), "who has one keeps it"
    leave_place(ledger, OURS, "a")
    assert take_place(second, OURS, "c", 2)
    second.close()


def test_the_place_of_a_process_that_is_gone_falls_free(ledger):
    assert take_place(ledger, OURS, "gone", 1)
    with ledger.writing() as connection:
        connection.execute(sa.update(leases).values(until=time.time() - 1))
    assert take_place(ledger, OURS, "next", 1)
