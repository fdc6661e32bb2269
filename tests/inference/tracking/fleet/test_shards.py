"""The journal and the books of a fleet, on a real PostgreSQL: what may follow what, for whom."""

import asyncio
import contextlib
import json
import os
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from dataclasses import replace
from decimal import Decimal
from functools import partial
from multiprocessing import get_context

import psycopg
import pytest

from support.fleets import add_rows, buy_all, enter
from support.ledgers import a_cap, select
from vidi.errors import LeaseLostError, OrphanError, RefusedError, StorageError
from vidi.inference.tracking.books import Reservation
from vidi.inference.tracking.caps import Cap
from vidi.inference.tracking.fleet.books import ShardBooks
from vidi.inference.tracking.fleet.facts import FOLLOWS, Fact, note_fact
from vidi.inference.tracking.fleet.rows import Row, begin_staging, find_taken, stage_rows
from vidi.inference.tracking.fleet.schema import make_fleet_tables
from vidi.inference.tracking.fleet.shards import (
    Standing,
    claim_shard,
    end_shard,
    free_shard,
    renew_shard,
)
from vidi.inference.tracking.ledger.connection import open_ledger
from vidi.inference.tracking.ledger.work import Work
from vidi.inference.tracking.opening import SharedJournal, open_journal

MODEL = "fal/fal-ai/flux/dev"
PRICE = Decimal("0.003")
LONG_S, GONE_S = 60.0, -1.0
INTENT = {
    "attempt": 1,
    "model": MODEL,
    "fingerprint": "f-a",
    "params": {"prompt": "árbol"},
    "reserved_usd": PRICE,
    "estimate_usd": {"low": PRICE, "high": PRICE},
}
ERROR = {"code": "not-sent", "message": "why", "hint": ""}
FIELDS = {
    "submitted": {"request_id": "q1", "urls": {"get": "u"}},
    "completed": {"output": ["u"], "metrics": {"s": Decimal("1.5")}, "billable_units": None},
    "settled": {"status": "succeeded", "actual_usd": Decimal("0.002"), "basis": "metered"},
    "refused": {"error": ERROR},
    "in_doubt": {"error": ERROR},
    "unfinished": {"error": ERROR},
}
TAKEN = {
    "model": MODEL, "fingerprint": "f-a", "number": 1, "params": {}, "assets": [], "paid_usd": 0,
}  # fmt: skip
WAYS = {
    "new": (),
    "intended": ("intent",),
    "submitted": ("intent", "submitted"),
    "completed": ("intent", "submitted", "completed"),
    "succeeded": ("intent", "submitted", "completed", "settled"),
    "refused": ("intent", "refused"),
    "in_doubt": ("intent", "in_doubt"),
    "unfinished": ("intent", "submitted", "unfinished"),
}
"""State to the events that lead there."""


def row(name, n, shard=1):
    return Row(name, n, shard, "fal-1", f"{name}.png", f"{name}.png", f"f-{name}", "{}", 3000, 3000)


@pytest.fixture
def fleet(postgres_database):
    with contextlib.closing(open_ledger(postgres_database)) as ledger:
        ledger.do(make_fleet_tables())
        ledger.do(make_fleet_tables())
        enter(ledger, "j", [row("a", 1), row("b", 2, 2)])
        yield ledger


def claim(fleet, shard=1, writer="w1", seconds=LONG_S):
    return fleet.do(claim_shard("j", shard, writer, seconds=seconds))


async def take(books, event, name="a", number=1):
    if event == "intent":
        await books.begin_purchase(name, Reservation(PRICE, MODEL, number), INTENT)
    elif event == "submitted":
        await books.record_submitted(name, "fal", f"q-{name}", {"get": "u"})
    elif event == "settled":
        fields = {"status": "succeeded", "basis": "metered"}
        await books.record_settled(name, Decimal("0.002"), fields)
    elif event == "taken":
        await books.journal.append("taken", name, **TAKEN)
    elif event == "refused":
        await books.record_refused(name, ERROR)
    else:
        await books.journal.append(event, name, **FIELDS[event])


def status_of(fleet, name="a"):
    return select(fleet, "SELECT status FROM vidi_rows WHERE id = :name", name=name)[0][0]


def money(fleet, kind="run"):
    sums = "SELECT spent, reserved FROM vidi_periods WHERE kind = :kind"
    return select(fleet, sums, kind=kind)[0]


def test_a_shard_has_one_holder_at_a_time(fleet):
    first = claim(fleet, seconds=LONG_S)
    assert (first.epoch, claim(fleet, writer="w2")) == (1, None)
    assert fleet.do(renew_shard(first)) == Standing(held=True, running=True)
    assert fleet.do(free_shard(first))
    second = claim(fleet, writer="w2", seconds=GONE_S)
    assert second.epoch == 2
    assert not fleet.do(renew_shard(first)).held
    assert claim(fleet, writer="w3").epoch == 3
    assert not fleet.do(end_shard(second)), "it is lost, and a row is open"


def test_an_id_or_a_path_is_entered_once(fleet):
    with pytest.raises(StorageError, match="second time"):
        add_rows(fleet, "j", [row("c", 8), row("c", 9)])
    fleet.do(begin_staging())
    fleet.do(stage_rows("j", [replace(row("c", 8), out_key="b.png", output="b.png")]))
    assert fleet.do(find_taken(5)) == [], "b was never begun, and makes way for the new plan"
    made = "UPDATE vidi_rows SET status = 'succeeded' WHERE id = :id"
    fleet.do(Work("writes", lambda found: found.change(made, {"id": "b"})))
    assert fleet.do(find_taken(5)) == [("c", "b.png", "b")]


@pytest.mark.parametrize("state", WAYS)
async def test_what_may_follow_what(fleet, state):
    """Each event on a row of its own that has come so far."""
    events = ["intent", *FOLLOWS]
    add_rows(fleet, "j", [row(each, 9) for each in events])
    books = ShardBooks(fleet, claim(fleet), "run-1", [])
    late = set()
    for name in events:
        for step in WAYS[state]:
            await take(books, step, name)
        assert status_of(fleet, name) == state
        if not await follow(fleet, books, state, name):
            late.add(name)
    read = ShardBooks(fleet, books._held, "run-1", [])
    await read.journal.load()
    assert read.journal.states == books.journal.states
    kept = select(fleet, "SELECT DISTINCT id FROM vidi_events WHERE fenced")
    assert {name for (name,) in kept} == late - {"intent"}


async def follow(fleet, books, state, event):
    """Bring one event; False where the row has gone on without it."""
    again = state in {"submitted", "completed", "succeeded", "unfinished"} and event == "submitted"
    may = state in FOLLOWS.get(event, {"new", "refused", "failed"})
    number = 1 + ("intent" in WAYS[state])
    if may or again:
        await take(books, event, event, number)
        assert again or status_of(fleet, event) in {event, "intended", "succeeded"}
        return True
    refusal = (OrphanError, "after all") if event == "submitted" else (LeaseLostError, event)
    with pytest.raises(refusal[0], match=refusal[1]):
        await take(books, event, event, number)
    return False


async def test_money_and_events_are_one(fleet):
    books = ShardBooks(fleet, claim(fleet), "run-1", [a_cap("day", "1")])
    await take(books, "intent")
    assert money(fleet) == money(fleet, "day") == (0, 3000)
    assert await ShardBooks(fleet, claim(fleet, 2), "run-1", []).has_rival("b", "f-a")
    assert not await books.has_rival("a", "f-a")
    for step in ("submitted", "completed", "settled"):
        await take(books, step)
    assert money(fleet) == money(fleet, "week") == (2000, 0)
    assert select(fleet, "SELECT request_id FROM vidi_receipts") == [("q-a",)]
    assert fleet.do(end_shard(books._held))
    assert claim(fleet, writer="w2") is None
    body = select(fleet, "SELECT CAST(body AS text) FROM vidi_events WHERE event = 'intent'")[0][0]
    assert json.loads(body)["params"] == {"prompt": "árbol"}


async def test_a_cap_that_is_full_leaves_no_trace(fleet):
    books = ShardBooks(fleet, claim(fleet), "run-1", [Cap("run", Decimal("0.002"), "budget")])
    with pytest.raises(RefusedError, match="the run's budget of"):
        await take(books, "intent")
    assert status_of(fleet) == "new"
    assert select(fleet, "SELECT count(*) FROM vidi_charges") == [(0,)]


async def test_a_poster_that_was_frozen_and_taken_over(fleet):
    """Its intents are refused; its receipt is taken where nothing went on without it."""
    frozen = ShardBooks(fleet, claim(fleet, seconds=LONG_S), "run-1", [])
    await take(frozen, "intent")
    fleet.do(free_shard(frozen._held))
    other = ShardBooks(fleet, claim(fleet, writer="w2"), "run-1", [])
    await other.journal.load()
    await take(other, "in_doubt")
    await take(frozen, "submitted")
    assert status_of(fleet) == "submitted"
    with pytest.raises(LeaseLostError):
        await take(frozen, "intent", number=2)
    await take(other, "submitted")  # adopted from the provider's list: the same is no error
    assert money(fleet) == (0, 3000)


async def test_a_receipt_of_what_was_taken_for_not_bought_is_counted(fleet):
    frozen = ShardBooks(fleet, claim(fleet), "run-1", [])
    await take(frozen, "intent")
    fleet.do(free_shard(frozen._held))
    other = ShardBooks(fleet, claim(fleet, writer="w2"), "run-1", [])
    await other.journal.load()
    await take(other, "in_doubt")
    await take(other, "refused")  # by a person's word
    await take(other, "intent", number=2)
    with pytest.raises(OrphanError, match="both are counted"):
        await take(frozen, "submitted")
    assert money(fleet) == (3000, 3000)
    orphans = "SELECT count(*) FROM vidi_events WHERE event = 'orphan' AND fenced"
    assert select(fleet, orphans) == [(1,)]


def test_a_cap_is_shared_exactly_by_workers_that_race(fleet, postgres_database):
    """Three workers, a shard each: in processes of their own where there is time for that."""
    each, room = (400, 333) if os.environ.get("VIDI_ALL_FLEETS") else (40, 50)
    rows = [row(f"r{shard}-{n}", n, shard) for shard in (1, 2, 3) for n in range(each)]
    enter(fleet, "race", rows, run="run-2")
    pool = ProcessPoolExecutor(3, get_context("spawn")) if room == 333 else ThreadPoolExecutor(3)
    with pool:
        asked = partial(buy_all, postgres_database, "race", "run-2", each, room * PRICE)
        assert sum(pool.map(asked, (1, 2, 3))) == room
    counts = [
        select(fleet, f"SELECT count(*) FROM {table}")[0][0]
        for table in ("vidi_charges", "vidi_events")
    ]
    assert counts == [room, room]
    assert money(fleet) == (0, room * 3000)


def test_a_fact_about_the_run_needs_no_row(fleet):
    held = claim(fleet)
    noted = fleet.do(note_fact(held, Fact("run_started", {"job_file": "j"}, "run-1")))
    assert not noted.fenced


async def test_an_intent_that_is_cut_off_is_taken_back(fleet, postgres_database):
    """Nobody sends it, so it would be in doubt: a slow database and a stop in one moment."""
    books = ShardBooks(fleet, claim(fleet), "run-1", [])
    with psycopg.connect(postgres_database) as other:
        other.execute("LOCK TABLE vidi_charges IN EXCLUSIVE MODE")
        beginning = asyncio.ensure_future(take(books, "intent"))
        await asyncio.sleep(0.3)
        beginning.cancel()
        await asyncio.sleep(0.1)
        other.rollback()
        with pytest.raises(asyncio.CancelledError):
            await beginning
    assert (status_of(fleet), money(fleet)) == ("refused", (0, 0))
    await take(books, "intent", number=2)
    assert status_of(fleet) == "intended"


async def test_a_cap_refuses_once_nothing_of_the_job_may_give_room_back(fleet):
    """Another worker's purchase costs less than was set aside for it, and then there is room."""
    cap = [Cap("run", PRICE + Decimal("0.001"), "budget")]
    first = ShardBooks(fleet, claim(fleet, 1), "run-1", cap)
    held = claim(fleet, 2, "w2")
    second = ShardBooks(fleet, held, "run-1", cap)
    for step in ("intent", "submitted", "completed"):
        await take(first, step)
    waiting = asyncio.ensure_future(take(second, "intent", "b"))
    await asyncio.sleep(0.5)
    assert not waiting.done()
    await first.record_settled("a", Decimal("0.0005"), {"status": "succeeded", "basis": "metered"})
    await waiting
    assert status_of(fleet, "b") == "intended"
    await second.record_refused("b", ERROR)
    lower = [Cap("run", PRICE, "budget")]
    third = ShardBooks(fleet, held, "run-1", lower, journal=second.journal)
    with pytest.raises(RefusedError):
        await take(third, "intent", "b", 2)


async def test_a_job_in_a_database_has_a_journal_as_a_folder_has(fleet):
    """`open_journal` is the one place that knows where a journal is."""
    books = ShardBooks(fleet, claim(fleet), "run-1", [])
    for step in ("intent", "submitted", "completed"):
        await take(books, step)
    journal = open_journal(SharedJournal(fleet, "j"), run="run-1", writer="reader")
    assert not journal.states
    await asyncio.to_thread(journal.read)
    assert {key: state.status for key, state in journal.states.items()} == {"a": "completed"}
