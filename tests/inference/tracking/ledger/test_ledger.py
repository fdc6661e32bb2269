import re
from contextlib import nullcontext
from dataclasses import replace
from datetime import timedelta

import pytest

from support.ledgers import NOON, a_cap, a_charge, change, same, select, usage, usd
from support.models.priced import model_with
from vidi.errors import BegunElsewhereError, RefusedError, StorageError
from vidi.inference.models.prices.estimate import RuleFigures
from vidi.inference.tracking.bills import Bill
from vidi.inference.tracking.ledger.bills import read_beyond, read_past_bills
from vidi.inference.tracking.ledger.claims import OwnFolder, find_begun, refuse_begun, release_begun
from vidi.inference.tracking.ledger.connection import open_ledger
from vidi.inference.tracking.ledger.ledger import raise_charge, reserve_charge, settle_charge
from vidi.inference.tracking.ledger.receipts import take_receipt
from vidi.inference.tracking.ledger.replay import RunRecord, replay_journal
from vidi.inference.tracking.ledger.schema import micros_down, micros_up

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


def test_what_is_set_aside_is_rounded_up_and_a_cap_down():
    assert (micros_up(usd("0.0000011")), micros_down(usd("0.0000019"))) == (2, 1)


def test_more_is_set_aside_for_what_is_open_and_never_less(ledger):
    charge = a_charge(amount="0.05")
    ledger.do(raise_charge(charge.key, usd("9")))
    ledger.do(reserve_charge(charge, []))
    for amount, reserved in (("0.0700001", "0.070001"), ("0.06", "0.070001"), ("0.08", "0.08")):
        ledger.do(raise_charge(charge.key, usd(amount)))
        assert [usage(ledger, kind) for kind in KINDS] == [same("0", reserved)] * 3
    ledger.do(settle_charge(charge.key, usd("0.01"), NOON))
    ledger.do(raise_charge(charge.key, usd("9")))
    assert [usage(ledger, kind) for kind in KINDS] == [same("0.01", "0")] * 3


RULE = RuleFigures(usd("0.01"), usd("0.02"), usd("0.03"))


def a_bill(actual="0.05"):
    return Bill("fal/fal-ai/flux/dev", RULE, usd(actual), "metered", "succeeded", "2026-05-17")


def test_a_bill_is_kept_with_all_that_it_teaches(ledger, address):
    charge = a_charge()
    ledger.do(reserve_charge(charge, []))
    ledger.do(settle_charge(charge.key, usd("0.05"), NOON, a_bill()))
    assert read_beyond(address) == [a_bill()]
    model = replace(model_with({"unpriced": "x"}), id=charge.model)
    assert read_past_bills(address).scale(model, RULE) == usd("0.05")
    rows = select(ledger, "SELECT run, inference, attempt, billed_at FROM vidi_bills")
    assert [tuple(row) for row in rows] == [
        ("run-1", "tree", 1, "2026-11-23T12:00:00.000000+00:00")
    ]


@pytest.mark.parametrize(("actual", "readable"), [(2**53, True), (2**53 + 1, False), ("x", False)])
def test_a_bill_that_cannot_be_is_said_and_teaches_nothing(tmp_path, actual, readable):
    address = str(tmp_path / "me@work.sqlite3")
    ledger = open_ledger(address)
    charge = a_charge()
    ledger.do(reserve_charge(charge, []))
    ledger.do(settle_charge(charge.key, usd("0.05"), NOON, a_bill()))
    change(ledger, "UPDATE vidi_bills SET actual = :actual", actual=actual)
    model = replace(model_with({"unpriced": "x"}), id=charge.model)
    past = read_past_bills(address).scale(model, RULE)
    with nullcontext() if readable else pytest.raises(StorageError, match=re.escape(address)):
        assert read_beyond(address)[0].actual == usd("9007199254.740992")
    assert past == (usd("9007199254.740992") if readable else RULE.high)
    assert read_past_bills(None).scale(model, RULE) == RULE.high
    assert read_past_bills(str(tmp_path / "none")).scale(model, RULE) == RULE.high
    ledger.close()


def test_a_charge_is_kept_with_all_that_is_known_of_it(ledger):
    charge = a_charge(actual=None)
    ledger.do(reserve_charge(charge, []))
    names = "run, inference, attempt, model, provider, reserved, actual, reserved_at, settled_at"
    ((*row,),) = select(ledger, f"SELECT {names}, day, week, month FROM vidi_charges")
    assert row == [
        "run-1", "tree", 1, "fal/fal-ai/flux/dev", "fal", 50_000, None,
        "2026-11-23T12:00:00.000000+00:00", None, "2026-11-23", "2026-W48", "2026-11",
    ]  # fmt: skip
    with pytest.raises(StorageError) as caught:
        ledger.do(reserve_charge(charge, []))
    assert caught.value.message == "tree was granted under this key before"


def test_what_another_run_of_the_folder_has_begun_is_not_begun_again(ledger):
    """Its journal is gone, so only the ledger knows."""
    there = RunRecord("run-1", "jobs/a.yaml", "/data/a", NOON)
    ledger.do(replay_journal([there], [], NOON))
    ledger.do(reserve_charge(a_charge("tree"), []))

    def begin(own, run, name="tree"):
        charge = a_charge(name, run=run)
        ledger.do(reserve_charge(charge, [], lambda work: refuse_begun(work, own, name)))

    here = OwnFolder("/data/a", frozenset(["run-2"]))
    assert ledger.do(find_begun(here, ["tree", "card"])) == {"tree"}
    for known in ("", ", as request"):
        with pytest.raises(BegunElsewhereError) as caught:
            begin(here, "run-2")
        assert caught.value.message == (
            "tree was begun by another run of this folder at 2026-11-23T12:00:00 UTC ($0.05 set "
            f"aside{known}), and log.jsonl knows nothing of it: it may have been bought"
        )
        ledger.do(take_receipt(a_charge("tree").key, "fal", "request"))
    assert "`vidi reconcile JOB_FILE --not-paid tree` where it was not" in caught.value.hint
    assert usage(ledger) == same("0", "0.05")
    begin(here, "run-2", "card")
    begin(OwnFolder("/data/b", frozenset()), "run-3")  # another folder
    begin(OwnFolder("/data/a", frozenset(["run-1"])), "run-4")  # its own run
    assert usage(ledger) == same("0", "0.20")
    begin(OwnFolder("/data/a", frozenset(["run-5"]), frozenset(["tree"])), "run-5")
    assert usage(ledger) == same("0.05", "0.20"), "--rebuy counts the earlier one as spent"
    assert ledger.do(find_begun(here, ["tree", "card"])) == set()
    ledger.do(reserve_charge(a_charge("tree", attempt=2), []))
    ledger.do(release_begun(here, ["tree"]))
    assert usage(ledger) == same("0.05", "0.20"), "what was set aside is given back"
    ledger.do(take_receipt(a_charge("tree", attempt=2).key, "fal", "other"))
    assert ledger.do(find_begun(here, ["tree", "card"])) == set()
