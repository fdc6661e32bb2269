"""A key names a purchase: it is never paid twice, whatever came between."""

import asyncio
from concurrent.futures import ThreadPoolExecutor

import pytest

from support.engines import MODELS, SCHNELL, serve_engine
from support.servers.sandbox import unreadable_lists
from vidi.errors import FailedError, InDoubtError, UnfinishedError, UsageError

providers = pytest.mark.parametrize("provider", ["replicate", "fal"])


@providers
def test_in_doubt_it_is_not_bought_again(provider):
    fault = {"on": "submit", "fault": "reset-after", "times": 1}
    nothing = unreadable_lists(provider, 1)
    with serve_engine(fault, nothing) as (engine, served):
        with pytest.raises(InDoubtError) as caught:
            engine.infer(MODELS[provider], prompt="a tree", idempotency_key="tree")
        assert "idempotency_key='tree'" in caught.value.hint
        result = engine.infer(MODELS[provider], prompt="a tree", idempotency_key="tree")
        assert served.submits == 1
        assert result.cost == served.sandbox.billing.total == engine.get_total_cost()


@providers
def test_unfinished_it_is_taken_up_by_its_key(provider):
    with serve_engine(latency=1.0) as (engine, served):
        with pytest.raises(UnfinishedError) as caught:
            engine.infer(MODELS[provider], prompt="a tree", timeout=0.2)
        key = caught.value.hint.partition("idempotency_key='")[2].partition("'")[0]
        assert engine.infer(MODELS[provider], prompt="a tree", idempotency_key=key).url
        assert served.submits == 1


@providers
def test_a_key_gives_back_what_was_bought(provider):
    with serve_engine() as (engine, served):
        first = engine.infer(MODELS[provider], prompt="a tree", idempotency_key="tree")
        second = engine.infer(MODELS[provider], prompt="a tree", idempotency_key="tree")
        assert (first.url, first.cost) == (second.url, second.cost)
        assert (first.metadata["replayed"], second.metadata["replayed"]) == (False, True)
        assert (served.submits, engine.get_total_cost()) == (1, first.cost)
        with pytest.raises(UsageError, match=r"(?m)was used for .* with other params$"):
            engine.infer(MODELS[provider], prompt="a bush", idempotency_key="tree")
        with pytest.raises(UsageError, match=r"(?m)^idempotency_key is empty$"):
            engine.infer(MODELS[provider], prompt="a bush", idempotency_key=" ")


def test_the_same_key_at_the_same_time_buys_once():
    with serve_engine(latency=0.2) as (engine, served), ThreadPoolExecutor(4) as threads:
        asked = [
            threads.submit(engine.infer, SCHNELL, prompt="a tree", idempotency_key="tree")
            for _ in range(4)
        ]
        assert len({each.result().request_id for each in asked}) == 1
        assert served.submits == 1


def test_a_key_may_be_used_anew_after_a_failure():
    with serve_engine({"on": "result", "fault": "moderated", "times": 1}) as (engine, served):
        with pytest.raises(FailedError):
            engine.infer(SCHNELL, prompt="a tree", idempotency_key="tree")
        assert engine.infer(SCHNELL, prompt="a bush", idempotency_key="tree").url
        assert served.submits == 2


async def test_cancelled_while_it_waits_it_is_taken_up_by_its_key():
    with serve_engine(latency=0.5) as (engine, served):
        submitted, loop = asyncio.Event(), asyncio.get_running_loop()

        def hear(event):
            if event.name == "submitted":
                loop.call_soon_threadsafe(submitted.set)

        asked = asyncio.create_task(
            engine.ainfer(SCHNELL, prompt="a tree", idempotency_key="tree", on_event=hear)
        )
        await submitted.wait()
        asked.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asked
        assert (await engine.ainfer(SCHNELL, prompt="a tree", idempotency_key="tree")).url
        assert served.submits == 1
