"""What is waiting is written together, on the disk before anybody goes on, and off the loop."""

import asyncio
import os
import time
from decimal import Decimal
from pathlib import Path

import pytest

from support.disks import files_limited_to
from vidi.errors import StorageError
from vidi.inference.tracking.books import UNSENT, FolderBooks, Reservation
from vidi.inference.tracking.budget import Budget
from vidi.inference.tracking.journal.events import ENDING, PATIENT, AssetRecord
from vidi.inference.tracking.journal.journal import FileJournal, read_events
from vidi.inference.tracking.receipts import UnsharedReceipts

MANY = 64
INTENT = {
    "attempt": 1,
    "model": "fal/m",
    "fingerprint": "f",
    "params": {},
    "reserved_usd": Decimal("0.05"),
    "estimate_usd": {"low": Decimal("0.05"), "high": Decimal("0.05")},
}
RECEIPT = {"request_id": "q1", "urls": {}}
FOLLOWING = {
    "completed": {"output": "https://fal.media/a.png", "metrics": {}, "billable_units": None},
    "asset": AssetRecord("a.png", "0" * 64, 1, "image/png").to_json(),
    "settled": {"status": "succeeded", "actual_usd": Decimal("0.05"), "basis": "estimated"},
}
"""What is written of an inference behind its receipt."""
SLOW_S = 0.02


@pytest.fixture
def path(tmp_path):
    return tmp_path / "log.jsonl"


@pytest.fixture
def journal(path):
    with FileJournal(path, run="r") as opened:
        yield opened


@pytest.fixture
def syncs(monkeypatch):
    """A slow disk: how many lines were in the journal at each of its fsyncs."""
    sizes = []
    fsync = os.fsync

    def sync_slowly(file):
        named = Path(f"/proc/self/fd/{file}").readlink()
        if named.name == "log.jsonl":
            sizes.append(len(named.read_bytes().splitlines()))
            time.sleep(SLOW_S)
        fsync(file)

    monkeypatch.setattr(os, "fsync", sync_slowly)
    return sizes


def read(path):
    return [(event["event"], event.get("id")) for event, _ in read_events(path)]


async def test_what_waits_is_written_together_and_synced_once(journal, path, syncs):
    ids = [f"n{number}" for number in range(MANY)]
    lines = {}

    async def buy(key):
        await journal.append("intent", key, **INTENT)
        lines[key] = [each for _, each in read(path)].index(key)
        assert journal.states[key].status == "intended"
        assert syncs[-1] > lines[key], "it goes on, and is not on the disk"

    await asyncio.gather(*map(buy, ids))
    assert [each for _, each in read(path)] == ids
    assert len(syncs) <= 3


async def begin(journal, *ids):
    for each in ids:
        await journal.append("intent", each, **INTENT)
        await journal.append("submitted", each, **RECEIPT)


async def test_what_follows_a_receipt_goes_with_the_next_that_may_not_wait(journal, path, syncs):
    await begin(journal, "a", "b")
    followed = [journal.append(event, "a", **fields) for event, fields in FOLLOWING.items()]
    await asyncio.gather(*followed, journal.append("intent", "c", **INTENT))
    assert [event for event, _ in read(path)][4:] == [*FOLLOWING, "intent"]
    assert syncs == [1, 2, 3, 4, 5 + len(FOLLOWING)]
    assert set(FOLLOWING) == PATIENT
    assert journal.states["a"].status == "succeeded"


async def test_what_follows_a_receipt_is_on_the_disk_soon_in_any_case(journal, path, syncs):
    await begin(journal, "a", "b")
    for event, fields in FOLLOWING.items():
        await asyncio.wait_for(journal.append(event, "a", **fields), 5)
    assert [event for event, _ in read(path)][4:] == [*FOLLOWING]
    assert syncs[-1] >= 4 + len(FOLLOWING) - 1


ENDINGS = {
    "settled": FOLLOWING["settled"],
    "refused": {"error": {"code": "refused", "message": "no"}},
    "in_doubt": {"error": {"code": "in_doubt", "message": "no answer"}},
    "unfinished": {"error": {"code": "unfinished", "message": "still running"}},
}


@pytest.mark.parametrize("ending", [None, *ENDINGS])
async def test_what_follows_the_receipt_of_a_lone_one_waits_for_nobody(path, ending):
    """However long it may wait for company: there is none, or it has gone."""
    with FileJournal(path, run="r") as journal:
        journal.patience_s = 3600
        await begin(journal, "a")
        if ending is not None:
            assert ENDINGS.keys() == ENDING
            await begin(journal, "b")
            late = asyncio.create_task(journal.append(ending, "b", **ENDINGS[ending]))
            await asyncio.sleep(0)
        for event, fields in FOLLOWING.items():
            await asyncio.wait_for(journal.append(event, "a", **fields), 5)
        if ending is not None:
            await late


async def test_no_loop_waits_for_the_disk(journal, syncs):
    began, ticks = time.monotonic(), 0

    async def tick():
        nonlocal ticks
        while True:
            await asyncio.sleep(0)
            ticks += 1

    ticking = asyncio.create_task(tick())
    await asyncio.gather(*(journal.append("intent", str(n), **INTENT) for n in range(4)))
    ticking.cancel()
    assert time.monotonic() - began >= SLOW_S
    assert ticks > 20 * len(syncs)


async def test_who_is_cut_off_learns_so_once_it_is_written(journal, path, syncs):
    writing = asyncio.create_task(journal.append("submitted", "a", **RECEIPT))
    await asyncio.sleep(SLOW_S / 4)
    for _ in range(3):
        writing.cancel()
        await asyncio.sleep(0)
    with pytest.raises(asyncio.CancelledError):
        await writing
    assert syncs == [1]
    assert read(path) == [("submitted", "a")]
    assert journal.states["a"].request_id == "q1"


@pytest.mark.usefixtures("syncs")
async def test_a_batch_that_fails_fails_everybody_and_leaves_nothing(journal, path):
    await journal.append("intent", "a", **INTENT)
    before = path.read_bytes()
    with files_limited_to(len(before) + 700):  # room for the first, or the second
        told = await asyncio.gather(
            journal.append("intent", "c", **INTENT),
            *(journal.append("intent", str(n), **INTENT) for n in range(8)),
            return_exceptions=True,
        )
    failed = [error for error in told if error is not None]
    assert len(failed) >= 8
    assert {type(error) for error in failed} == {StorageError}
    assert len({id(error) for error in failed}) == len(failed)
    await journal.append("intent", "z", **INTENT)
    kept = [each for _, each in read(path)]
    assert kept == ["a", *journal.states.keys() - {"a", "z"}, "z"]
    assert len(kept) == 2 + 9 - len(failed)


@pytest.mark.parametrize("status", ["intended", "refused"])
async def test_an_intent_that_may_not_be_on_the_disk_buys_nothing(path, monkeypatch, status):
    """The disk gives up once, or for good: what was written stays, and counts."""
    fsync, broken = os.fsync, [True]

    def fail(file):
        if broken and Path(f"/proc/self/fd/{file}").readlink().name == "log.jsonl":
            if status == "refused":
                broken.clear()
            raise OSError(5, "Input/output error")
        fsync(file)

    monkeypatch.setattr(os, "fsync", fail)
    journal = FileJournal(path, run="r")
    books = FolderBooks(journal, Budget(Decimal(1)), UnsharedReceipts())
    if status == "intended":
        monkeypatch.setattr(os, "write", fail_after_first(os.write))
    with pytest.raises(StorageError, match="Input/output error"):
        await books.begin_purchase("a", Reservation(Decimal("0.05"), "fal/m", 1), INTENT)
    monkeypatch.undo()
    journal.close()
    assert FileJournal(path, run="s").states["a"].status == journal.states["a"].status == status
    held = books.budget.balance.reserved
    assert held == (Decimal(0) if status == "refused" else Decimal("0.05"))


def fail_after_first(write):
    calls = []

    def write_once(file, data):
        if calls:
            raise OSError(5, "Input/output error")
        calls.append(data)
        return write(file, data)

    return write_once


async def test_where_another_writes_intents_fail_and_facts_are_kept(journal, path):
    await journal.append("intent", "a", **INTENT)
    theirs = FileJournal(path, run="other")
    await theirs.append("run_started", schema=2, job_file="j")
    books = FolderBooks(journal, Budget(Decimal(1)), UnsharedReceipts())
    told = await asyncio.gather(
        books.begin_purchase("b", Reservation(Decimal("0.05"), "fal/m", 1), INTENT),
        journal.append("submitted", "a", **RECEIPT),
        books.begin_purchase("c", Reservation(Decimal("0.05"), "fal/m", 1), INTENT),
        return_exceptions=True,
    )
    theirs.close()
    assert [type(each) for each in told] == [StorageError, type(None), StorageError]
    assert "was written by another run" in told[0].message
    assert books.budget.balance.reserved == 0
    assert read(path) == [("intent", "a"), ("run_started", None), ("submitted", "a")]


@pytest.mark.usefixtures("syncs")
async def test_a_purchase_that_is_cut_off_before_it_is_sent_is_taken_back(journal):
    books = FolderBooks(journal, Budget(Decimal(1)), UnsharedReceipts())
    reservation = Reservation(Decimal("0.05"), "fal/m", 1)
    begun = asyncio.create_task(books.begin_purchase("a", reservation, INTENT))
    await asyncio.sleep(SLOW_S / 4)
    assert books.budget.balance.reserved == Decimal("0.05")
    begun.cancel()
    with pytest.raises(asyncio.CancelledError):
        await begun
    state = journal.states["a"]
    assert (state.status, state.error) == ("refused", UNSENT)
    assert books.budget.balance.reserved == 0


@pytest.mark.usefixtures("syncs")
async def test_a_settlement_that_is_cut_off_is_booked_with_its_event(journal):
    books = FolderBooks(journal, Budget(Decimal(1)), UnsharedReceipts())
    await books.begin_purchase("a", Reservation(Decimal("0.05"), "fal/m", 1), INTENT)
    fields = {"status": "succeeded", "basis": "metered"}
    other = asyncio.create_task(journal.append("intent", "b", **INTENT))  # the disk is busy
    settled = asyncio.create_task(books.record_settled("a", Decimal("0.04"), fields))
    await asyncio.sleep(SLOW_S / 4)
    settled.cancel()
    with pytest.raises(asyncio.CancelledError):
        await settled
    await other
    assert journal.states["a"].actual == books.budget.balance.spent == Decimal("0.04")
