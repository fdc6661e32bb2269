"""However many are under way, few are between their intent and their receipt: a kill leaves few."""

import asyncio
import json
import time
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from support.servers.altered_sandbox import run, serve_altered, write_job
from vidi.inference.lifecycle.sends import Sends

MANY = 16
LATER = {"content-type": "application/json", "retry-after": "1"}
JOURNAL = Path("outputs/job/log.jsonl")


def count_open():
    """How many intents of the journal have no receipt."""
    lines = JOURNAL.read_text(encoding="utf-8").splitlines()
    kinds = Counter(json.loads(line)["event"] for line in lines if line.endswith("}"))
    return kinds["intent"] - kinds["submitted"]


def test_at_most_two_are_between_intent_and_receipt(here):
    found = []

    def look(exchange):
        if exchange.is_receipt:
            found.append(count_open())
        return exchange

    write_job(here, "fal", *(f"n{number}" for number in range(MANY)))
    with serve_altered(here, look) as served:
        assert run(here, "-j", MANY, "--budget", "10").exit_code == 0
        assert served.submits == len(found) == MANY
    assert set(found) <= {1, 2}


def test_not_now_holds_back_who_has_a_turn_and_waits(here):
    posts = []

    def refuse_first(exchange):
        if not exchange.is_receipt:
            return exchange
        posts.append(time.monotonic())
        if len(posts) > 1:
            return exchange
        return replace(exchange.saying({"detail": "slow down"}), status=429, headers=LATER)

    write_job(here, "fal", *(f"n{number}" for number in range(MANY)))
    with serve_altered(here, refuse_first):
        answer = run(here, "-j", MANY, "--budget", "10")
    assert answer.exit_code == 0, answer.stderr
    soon = [each for each in posts[1:] if each < posts[0] + 0.9]
    assert len(posts) == MANY + 1
    assert len(soon) <= 3, "only what was under way may still arrive"


async def test_a_provider_that_does_not_answer_holds_up_nobody_for_long():
    sends, silent = Sends(2, longest_s=0.05), asyncio.Event()
    entered = []

    async def send(number):
        async with sends.place() as leave_later:
            entered.append(number)
            leave_later()
            await silent.wait()

    tasks = [asyncio.create_task(send(number)) for number in range(5)]
    await asyncio.sleep(0.01)
    assert entered == [0, 1]
    while len(entered) < 5:
        await asyncio.sleep(0.01)
    silent.set()
    await asyncio.gather(*tasks)
    async with sends.place(), sends.place():  # each place was given back once
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.02), sends.place():
                pass
