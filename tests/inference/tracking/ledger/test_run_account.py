import asyncio
import sqlite3
from datetime import timedelta
from decimal import Decimal

import pytest

from support.ledgers import NOON, a_cap, same, usage, usd
from vidi.errors import BegunElsewhereError, RefusedError, StorageError
from vidi.inference.models.prices.estimate import RuleFigures
from vidi.inference.tracking.bills import Bill
from vidi.inference.tracking.budget import Budget
from vidi.inference.tracking.journal.replay import replay
from vidi.inference.tracking.ledger.bills import read_beyond
from vidi.inference.tracking.ledger.claims import OwnFolder
from vidi.inference.tracking.ledger.connection import open_ledger
from vidi.inference.tracking.ledger.replay import RunRecord
from vidi.inference.tracking.ledger.run_account import RunAccount, catch_up_folder, replay_folder

FLUX = "fal/fal-ai/flux/dev"


def event(kind, name="tree", *, run="run-1", **fields):
    return {"event": kind, "run": run, "ts": NOON.isoformat(), "id": name, **fields}


def intent(name="tree", *, run="run-1", attempt=1, amount="0.05"):
    return event(
        "intent",
        name,
        run=run,
        attempt=attempt,
        model=FLUX,
        fingerprint="f",
        params={},
        reserved_usd=usd(amount),
        estimate_usd={"low": 0, "high": usd(amount)},
    )


def settled(name="tree", amount="0.04", *, run="run-1"):
    return event(
        "settled", name, run=run, status="succeeded", actual_usd=usd(amount), basis="metered"
    )


def books_of(ledger, *caps, run="run-2", events=()):
    return RunAccount(ledger, run, caps, replay(events).states, now=lambda: NOON)


async def test_the_budget_is_granted_by_the_books_and_settled_in_them(ledger):
    budget = Budget(usd("1"), books_of(ledger))
    await budget.reserve("tree", usd("0.05"), model=FLUX)
    assert usage(ledger) == same("0", "0.05")
    budget.settle("tree", usd("0.04"))
    assert usage(ledger) == same("0.04", "0")
    await budget.reserve("tree", usd("0.05"), model=FLUX, attempt=2)
    budget.release("tree")
    assert usage(ledger) == same("0.04", "0")


async def test_what_the_books_refuse_is_not_reserved_in_the_run_either(ledger):
    budget = Budget(usd("1"), books_of(ledger, a_cap("day", "0.04")))
    with pytest.raises(RefusedError):
        await budget.reserve("tree", usd("0.05"), model=FLUX)
    assert budget.balance.reserved == 0


async def test_what_the_run_refuses_never_reaches_the_books(ledger):
    budget = Budget(usd("0.04"), books_of(ledger))
    with pytest.raises(RefusedError):
        await budget.reserve("tree", usd("0.05"), model=FLUX)
    assert usage(ledger) == same("0", "0")


async def test_thresholds_are_told_once_each(ledger):
    told: list[str] = []
    budget = Budget(None, books_of(ledger, a_cap("day", "0.10")), tell=told.append)
    for number, amount in enumerate(["0.04", "0.02", "0.005", "0.02", "0.015"]):
        await budget.reserve(str(number), usd(amount), model=FLUX)
    assert told == [
        "50 % of the day's budget of $0.10 is taken: $0.00 spent, $0.06 reserved (VIDI_BUDGET_DAY)",
        "80 % of the day's budget of $0.10 is taken: $0.00 spent, $0.085 reserved "
        "(VIDI_BUDGET_DAY)",
        "100 % of the day's budget of $0.10 is taken: $0.00 spent, $0.10 reserved "
        "(VIDI_BUDGET_DAY)",
    ]


def test_what_an_earlier_run_left_open_is_settled_under_its_own_key(ledger):
    events = [intent("tree"), event("submitted", request_id="r", urls={})]
    record = RunRecord("run-2", "a.yaml", "/outputs/a", NOON + timedelta(days=1))
    header = {"run": "run-1", "job_file": "a.yaml", "ts": NOON.isoformat()}
    replay_folder(ledger, record, [header], replay(events).states)
    assert usage(ledger) == same("0", "0.05")
    budget = Budget(None, books_of(ledger, events=events))
    budget.hold("tree", usd("0.05"))
    budget.settle("tree", usd("0.03"))
    assert usage(ledger) == same("0.03", "0")


def test_fetching_again_for_nothing_books_nothing(ledger):
    events = [intent(), settled()]
    header = {"run": "run-1", "job_file": "a.yaml", "ts": NOON.isoformat()}
    catch_up_folder(ledger, "/outputs/a", [header], replay(events).states)
    account = books_of(ledger, events=events)
    Budget(None, account).settle("tree", Decimal(0))
    account.catch_up()
    assert usage(ledger) == same("0.04", "0")


CHARGED = [
    ([intent()], [None]),
    ([intent(), settled(amount="0.04")], [usd("0.04")]),
    ([intent(), event("refused", error={})], [Decimal(0)]),
    ([intent(), event("in_doubt", error={})], [None]),
    ([intent(), event("in_doubt", error={}), event("refused", error={})], [Decimal(0)]),
    ([intent(), event("submitted", request_id="r", urls={})], [None]),
    # A refusal that came before anything was set aside says nothing of what is under way.
    ([intent(), event("submitted", request_id="r", urls={}), event("refused", error={})], [None]),
    ([intent(), settled(), intent(run="run-2"), settled(run="run-2")], [usd("0.04")] * 2),
    ([intent(), settled(), settled(amount="0", run="run-2")], [usd("0.04")]),
    # One run may buy under one id again, as a program may that uses its key again.
    ([intent(), settled(amount="0"), intent(), settled()], [Decimal(0), usd("0.04")]),
    ([event("refused", error={})], []),
]


@pytest.mark.parametrize(("events", "amounts"), CHARGED)
def test_what_the_events_of_a_journal_have_charged(events, amounts):
    charges = replay(events).states["tree"].charges
    assert [charge.actual for charge in charges] == amounts
    assert len({charge.key for charge in charges}) == len(charges)


async def test_a_settlement_that_is_not_taken_is_entered_before_anything_more_is_granted(tmp_path):
    path = tmp_path / "ledger.sqlite3"
    ledger = open_ledger(str(path), patience_s=0.05)
    account = books_of(ledger)
    budget = Budget(None, account)
    for name in ("a", "b"):
        await budget.reserve(name, usd("0.05"), model=FLUX)
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    budget.settle("a", usd("0.01"))
    budget.settle("b", usd("0.02"))
    assert (account.behind, budget.balance.spent) == (2, usd("0.03"))
    with pytest.raises(StorageError):
        await budget.reserve("c", usd("0.05"), model=FLUX)
    other.execute("ROLLBACK")
    other.close()
    await budget.reserve("c", usd("0.05"), model=FLUX)
    assert (account.behind, usage(ledger)) == (0, same("0.03", "0.05"))
    ledger.close()


async def test_an_account_enters_whose_a_request_is_and_sets_more_aside(ledger):
    one, other = books_of(ledger, run="run-1"), books_of(ledger, run="run-2")
    assert await one.take_receipt("tree", "fal", "a"), "nothing is open: nobody else's"
    for account in (one, other):
        await account.reserve("tree", 1, FLUX, usd("0.05"))
    assert await one.take_receipt("tree", "fal", "a")
    assert not await other.take_receipt("tree", "fal", "a")
    other.enter_receipt("tree", "fal", "b")
    other.enter_receipt("card", "fal", "c")
    other.catch_up()
    for account, taken in ((one, {"b"}), (other, {"a"})):
        assert await account.find_taken("tree", "fal", ["a", "b", "c"]) == taken
    await one.set_aside("tree", usd("0.07"))
    await one.set_aside("card", usd("0.07"))
    assert usage(ledger) == same("0", "0.12")
    assert (one.find_begun(["tree"]), one.behind) == ((), 0)
    one.release_begun(["tree"])
    assert usage(ledger) == same("0", "0.12")


async def test_a_level_of_the_run_itself_is_not_told_and_each_cap_is_by_itself(ledger):
    account = books_of(ledger, a_cap("run", "0.10"), a_cap("day", "0.10"), a_cap("week", "1"))
    told = await account.reserve("tree", 1, FLUX, usd("0.09"))
    assert [line.partition(" is taken")[0] for line in told] == [
        "80 % of the day's budget of $0.10"
    ]
    account.settle("tree", usd("0.01"))
    account.catch_up()
    assert await account.reserve("tree", 2, FLUX, usd("0.05")) == []
    assert usage(ledger) == same("0.01", "0.05")


async def test_a_run_that_knows_its_folder_begins_nothing_twice(ledger):
    own = OwnFolder("/outputs/a", frozenset(["run-2"]))
    record = RunRecord("run-1", "a.yaml", "/outputs/a", NOON)
    replay_folder(ledger, record, [], {})
    await books_of(ledger, run="run-1").reserve("tree", 1, FLUX, usd("0.05"))
    account = RunAccount(ledger, "run-2", (), {}, now=lambda: NOON, own=own)
    with pytest.raises(BegunElsewhereError, match="tree was begun by another run"):
        await account.reserve("tree", 1, FLUX, usd("0.05"))
    assert account.find_begun(["tree", "card"]) == {"tree"}
    account.release_begun([])
    assert usage(ledger) == same("0", "0.05")
    account.release_begun(["tree"])
    assert usage(ledger) == same("0", "0")


async def test_a_reservation_that_is_cut_off_is_given_back_if_it_was_granted(tmp_path):
    path = tmp_path / "ledger.sqlite3"
    ledger = open_ledger(str(path))
    account = books_of(ledger)
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    waiting = asyncio.create_task(account.reserve("tree", 1, FLUX, usd("0.05")))
    await asyncio.sleep(0.1)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    other.execute("ROLLBACK")
    other.close()
    account.catch_up()
    assert usage(ledger) == same("0", "0")
    ledger.close()


async def test_what_a_ledger_did_not_take_is_entered_at_the_end_with_its_bill(tmp_path):
    path = tmp_path / "ledger.sqlite3"
    ledger = open_ledger(str(path), patience_s=0.05)
    account = books_of(ledger)
    for name in ("a", "b"):
        await account.reserve(name, 1, FLUX, usd("0.05"))
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    rule = RuleFigures(usd("0.05"), usd("0.05"), usd("0.05"))
    bill = Bill(FLUX, rule, usd("0.01"), "metered", "succeeded", "2026-05-17")
    account.settle("a", usd("0.01"), bill)
    account.settle("b", usd("0.02"))
    account.catch_up()
    assert account.behind == 2
    other.execute("ROLLBACK")
    other.close()
    account.catch_up()
    assert (account.behind, usage(ledger)) == (0, same("0.03", "0"))
    ledger.close()
    assert read_beyond(str(path)) == [bill]
