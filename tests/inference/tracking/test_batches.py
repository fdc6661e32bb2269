"""One thread for all that ask, wherever they are, and their results in the sequence of asking."""

import asyncio
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from vidi.inference.tracking.batches import BatchThread


@pytest.fixture
def doubled():
    """Doubles numbers, slowly; a text is what goes wrong. `batches` has what came together."""
    batches, threads = [], set()

    def carry_out(orders):
        threads.add(threading.get_ident())
        batches.append(list(orders))
        time.sleep(0.002)
        return [order * 2 for order in orders]

    def take_in(order, result):
        if isinstance(order, str):
            raise ValueError(result)
        return result

    thread = BatchThread("test", carry_out, take_in)
    thread.batches, thread.threads = batches, threads
    yield thread
    thread.close()


def test_threads_and_loops_ask_one_thread(doubled):
    async def ask_many():
        return await asyncio.gather(*map(doubled.ask, range(100)))

    def work(number):
        if number % 2:
            return asyncio.run(ask_many())
        return [doubled.ask_outside(each).result() for each in range(10)]

    with ThreadPoolExecutor(8) as pool:
        for made in pool.map(work, range(8)):
            assert made == [each * 2 for each in range(len(made))]
    assert len(doubled.threads) == 1
    assert len(doubled.batches) < sum(map(len, doubled.batches))


async def test_what_goes_wrong_with_one_is_told_to_that_one(doubled):
    told = await asyncio.gather(*map(doubled.ask, [1, "x", 3]), return_exceptions=True)
    assert [told[0], str(told[1]), told[2]] == [2, "xx", 6]
    broken = await asyncio.gather(doubled.ask(None), doubled.ask(4), return_exceptions=True)
    assert type(broken[0]) is TypeError


def test_what_was_asked_for_is_done_before_it_is_closed(doubled):
    futures = [doubled.ask_outside(number) for number in range(50)]
    ended = []
    doubled.close(lambda: ended.append(sum(map(len, doubled.batches))))
    assert ended == [50]
    assert all(future.done() for future in futures)


def test_a_thread_that_hangs_is_broken_off_and_left():
    hang = threading.Event()
    thread = BatchThread("test", lambda orders: [hang.wait() for _ in orders], lambda _, made: made)
    future = thread.ask_outside(1)
    began = time.monotonic()
    thread.close(patience_s=0.05, break_off=hang.set)
    assert future.result(1)
    assert time.monotonic() - began < 5


async def test_nobody_is_woken_on_a_loop_that_is_gone(doubled):
    def ask_and_leave():
        async def ask():
            doubled.ask(1)

        asyncio.run(ask())

    await asyncio.to_thread(ask_and_leave)
    assert await doubled.ask(2) == 4


async def test_what_may_wait_goes_with_the_next_that_may_not(doubled):
    patient = [doubled.ask(number, patience_s=30) for number in (1, 2)]
    left = doubled.leave(3)
    assert await doubled.ask(4) == 8
    assert await asyncio.gather(*patient) == [2, 4]
    assert left.result(1) == 6
    assert doubled.batches == [[1, 2, 3, 4]]


@pytest.mark.parametrize("end", ["its patience", "a hurry", "the end"])
async def test_what_may_wait_waits_for_nobody_else(doubled, end):
    future = doubled.ask(1, patience_s=0.02 if end == "its patience" else 30)
    if end == "a hurry":
        doubled.hurry()
    elif end == "the end":
        await asyncio.to_thread(doubled.close)
    assert await asyncio.wait_for(future, 5) == 2


async def test_the_least_patient_of_a_batch_decides(doubled):
    slow = doubled.ask(1, patience_s=30)
    assert await asyncio.wait_for(doubled.ask(2, patience_s=0.02), 5) == 4
    assert slow.done()
