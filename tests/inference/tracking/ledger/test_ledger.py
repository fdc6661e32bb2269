from datetime import timedelta

import pytest

from support.ledgers import NOON, a_cap, a_charge, same, usage, usd
from vidi.errors import RefusedError, StorageError
from vidi.inference.tracking.ledger.ledger import reserve_charge, settle_charge

KINDS = ("day", "week", "month")


def test_a_reservation_becomes_spending(ledger):
    charge = a_charge(amount="0.05")
    found = ledger.do(reserve_charge(charge, []))
    assert found["day"] == usage(ledger) == same("0", "0.05")
    ledger.do(settle_charge(charge.key, usd("0.03"), NOON))
    assert [usage(ledger, kind) for kind in KINDS] == [same("0.03", "0")] * 3


def test_settling_again_changes_nothing_and_the_last_word_holds(ledger):
    charge = a_charge()
    ledger.do(reserve_charge(charge, []))
    for _ in range(3):
        ledger.do(settle_charge(charge.key, usd("0.03"), NOON))
    assert usage(ledger) == same("0.03", "0")
    ledger.do(settle_charge(charge.key, usd("0.01"), NOON))
    assert usage(ledger) == same("0.01", "0")


def test_what_was_never_reserved_is_not_settled(ledger):
    ledger.do(settle_charge(a_charge().key, usd("0.03"), NOON))
    assert usage(ledger) == same("0", "0")


@pytest.mark.parametrize("kind", KINDS)
def test_a_cap_is_held_to_the_micro_dollar_and_says_what_to_change(ledger, kind):
    cap = a_cap(kind, "0.10")
    first = a_charge("a", "0.04")
    ledger.do(reserve_charge(first, [cap]))
    ledger.do(settle_charge(first.key, usd("0.03"), NOON))
    ledger.do(reserve_charge(a_charge("b", "0.05"), [cap]))
    with pytest.raises(RefusedError) as caught:
        ledger.do(reserve_charge(a_charge("c", "0.020001"), [cap]))
    assert caught.value.message == (
        f"this needs up to $0.020001, and $0.02 is left of the {kind}'s budget of $0.10: "
        "$0.03 spent, $0.05 reserved"
    )
    assert caught.value.hint == (
        f"Raise VIDI_BUDGET_{kind.upper()}, or wait for the next {kind} (UTC)."
    )
    ledger.do(reserve_charge(a_charge("c", "0.02"), [cap]))
    assert usage(ledger, kind) == same("0.03", "0.07")


def test_a_refusal_by_one_cap_takes_nothing_from_the_others(ledger):
    caps = [a_cap("day", "1"), a_cap("week", "1"), a_cap("month", "0.01")]
    with pytest.raises(RefusedError):
        ledger.do(reserve_charge(a_charge(), caps))
    assert [usage(ledger, kind) for kind in KINDS] == [same("0", "0")] * 3


def test_the_run_has_a_cap_of_its_own(ledger):
    ledger.do(reserve_charge(a_charge("a", "0.06"), [a_cap("run", "0.10")]))
    ledger.do(reserve_charge(a_charge("a", "0.06", run="run-2"), [a_cap("run", "0.10")]))
    with pytest.raises(RefusedError) as caught:
        ledger.do(reserve_charge(a_charge("b", "0.06"), [a_cap("run", "0.10")]))
    assert caught.value.hint == "Raise VIDI_BUDGET_RUN."


def test_a_cap_of_zero_grants_what_is_free_and_nothing_else(ledger):
    ledger.do(reserve_charge(a_charge("a", "0"), [a_cap("day", "0")]))
    with pytest.raises(RefusedError):
        ledger.do(reserve_charge(a_charge("b", "0.0000001"), [a_cap("day", "0")]))


@pytest.mark.parametrize(
    ("kind", "later"),
    [("day", timedelta(hours=12)), ("week", timedelta(days=7)), ("month", timedelta(days=8))],
)
def test_the_next_period_begins_afresh(ledger, kind, later):
    cap = a_cap(kind, "0.05")
    ledger.do(reserve_charge(a_charge("a"), [cap]))
    ledger.do(reserve_charge(a_charge("b", at=NOON + later), [cap]))
    assert usage(ledger, kind) == usage(ledger, kind, NOON + later) == same("0", "0.05")


def test_what_is_settled_later_counts_where_it_was_reserved(ledger):
    charge = a_charge()
    tomorrow = NOON + timedelta(days=1)
    ledger.do(reserve_charge(charge, []))
    ledger.do(settle_charge(charge.key, usd("0.05"), tomorrow))
    assert (usage(ledger), usage(ledger, "day", tomorrow)) == (
        same("0.05", "0"),
        same("0", "0"),
    )


def test_one_key_is_reserved_once(ledger):
    ledger.do(reserve_charge(a_charge(), []))
    with pytest.raises(StorageError):
        ledger.do(reserve_charge(a_charge(), []))
    assert usage(ledger) == same("0", "0.05")


def test_fractions_of_a_micro_dollar_are_reserved_whole(ledger):
    ledger.do(reserve_charge(a_charge(amount="0.0000001"), []))
    assert usage(ledger) == same("0", "0.000001")
