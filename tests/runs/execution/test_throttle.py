import asyncio
import json
import time

import pytest

from support.ledgers import change
from support.servers.altered_sandbox import serve_altered, write_job
from vidi.inference.lifecycle.pace import Throttle
from vidi.inference.tracking.ledger.connection import open_ledger
from vidi.runs.execution import throttle as module
from vidi.runs.execution.throttle import SharedThrottle


@pytest.fixture
def ledger(tmp_path):
    opened = open_ledger(str(tmp_path / "ledger.sqlite3"))
    yield opened
    opened.close()


def throttle_of(ledger, run="run-1", *, key="key", creates=None, places=None):
    return SharedThrottle(ledger, run, {"fal": key, "replicate": key}, creates or {}, places or {})


async def seconds_of(awaitable):
    began = time.monotonic()
    await awaitable
    return time.monotonic() - began


async def test_one_run_hears_not_now_and_the_other_waits_too(ledger):
    first, second = throttle_of(ledger), throttle_of(ledger, "run-2")
    first.close_for("fal", 0.3)
    assert await seconds_of(second.wait_for_turn("fal")) == pytest.approx(0.3, abs=0.15)
    assert await seconds_of(second.wait_for_turn("fal")) < 0.1


@pytest.mark.parametrize("own", [True, False], ids=["one process", "two processes"])
async def test_a_not_now_holds_back_who_already_has_a_turn(ledger, own):
    rate = {"fal": 600}
    waiting = throttle_of(ledger, creates=rate) if not own else Throttle(rate)
    closing = throttle_of(ledger, "run-2", creates=rate) if not own else waiting
    burst = 61 if not own else 601
    for _ in range(burst):
        await waiting.wait_for_turn("fal")
    turns = asyncio.gather(*(seconds_of(waiting.wait_for_turn("fal")) for _ in range(3)))
    await asyncio.sleep(0.01)
    closing.close_for("fal", 0.6)
    assert min(await turns) >= 0.5


class CountingLedger:
    """A ledger that tells how often it was asked."""

    def __init__(self, ledger):
        self.ledger, self.asked = ledger, 0

    async def ask(self, work):
        self.asked += 1
        return await self.ledger.ask(work)


async def test_many_that_wait_long_to_send_ask_once_for_all_of_them(ledger):
    counting = CountingLedger(ledger)
    waiting, closing = throttle_of(counting), throttle_of(ledger, "run-2")
    await waiting.wait_for_turn("fal")
    turn_at = time.monotonic() - 1  # as old as the turn of one that has waited for its place
    assert not any([await waiting.takes_back("fal", turn_at) for _ in range(50)])
    assert counting.asked == 1
    closing.close_for("fal", 30)
    await asyncio.sleep(module.OPEN_S + 0.01)
    assert [await waiting.takes_back("fal", turn_at) for _ in range(3)] == [True] * 3
    assert counting.asked == 4
    assert not await waiting.takes_back("fal", time.monotonic())


async def test_another_account_does_not_wait(ledger):
    throttle_of(ledger).close_for("fal", 30)
    assert await seconds_of(throttle_of(ledger, key="mine").wait_for_turn("fal")) < 0.1


async def test_a_rate_that_is_set_holds_over_both(ledger):
    runs = [throttle_of(ledger, run, creates={"fal": 600}) for run in ("run-1", "run-2")]

    async def submit_all():
        for number in range(64):
            await runs[number % 2].wait_for_turn("fal")

    assert await seconds_of(submit_all()) >= 0.2  # 60 at once, then one each tenth of a second


async def test_places_are_shared_and_the_next_one_moves_up(ledger):
    runs = [throttle_of(ledger, run, places={"fal": 2}) for run in ("run-1", "run-2")]
    inside, most = 0, 0

    async def work(number):
        nonlocal inside, most
        async with runs[number % 2].place("fal", str(number), lambda: False):
            inside += 1
            most = max(most, inside)
            await asyncio.sleep(0.02)
            inside -= 1

    await asyncio.gather(*(work(number) for number in range(5)))
    assert most == 2


async def test_a_run_that_stops_does_not_wait_for_a_place(ledger):
    throttle = throttle_of(ledger, places={"fal": 1})
    async with throttle.place("fal", "a", lambda: False):
        entered = throttle.place("fal", "b", lambda: True)
        assert await seconds_of(entered.__aenter__()) < module.LOOK_AGAIN_S
        await entered.__aexit__(None, None, None)


async def test_a_ledger_that_is_gone_stops_nobody(ledger):
    throttle = throttle_of(ledger, places={"fal": 1}, creates={"fal": 1})
    for table in ("vidi_paces", "vidi_leases"):
        change(ledger, f"DROP TABLE {table}")
    throttle.close_for("fal", 0.05)
    await throttle.wait_for_turn("fal")
    async with throttle.place("fal", "a", lambda: False):
        pass


def most_between(events, first, last):
    """How many inferences were between two of their events at once, by the order of the journal."""
    under_way, most = set(), 0
    for event in events:
        if event["event"] == first:
            under_way.add(event["id"])
        elif event["event"] == last:
            under_way.discard(event["id"])
        most = max(most, len(under_way))
    return most


@pytest.mark.parametrize(
    ("options", "at_once", "open_at_once"),
    [
        (["-j", "1"], 1, {1}),
        (["-j", "2"], 2, {3, 4}),
        (["-j", "2", "--max-failures", "3"], 2, {2}),
    ],
    ids=["one after another", "what is brought home makes room", "a failure is waited for"],
)
@pytest.mark.parametrize("provider", ["fal", "replicate"])
def test_what_has_ended_at_its_provider_makes_room_for_another(
    here, provider, options, at_once, open_at_once
):
    write_job(here, provider, *"abcdef")
    slow = {"on": "download", "fault": "slow", "seconds": 0.1, "times": 0}
    with serve_altered(here, lambda exchange: exchange, slow):
        assert here("vidi-run", "job.yaml", "--no-report", *options).exit_code == 0
    lines = (here.folder / "outputs/job/log.jsonl").read_text(encoding="utf-8").splitlines()
    events = [json.loads(line) for line in lines]
    assert most_between(events, "submitted", "completed") <= at_once
    assert most_between(events, "intent", "settled") in open_at_once
