"""The guard: one paid POST for each permit, and keys only where they belong."""

from __future__ import annotations

import gzip
from contextlib import nullcontext, suppress

import httpx
import pytest

from inference.providers.conftest import SHORT, settings_at
from support.servers.loopback import STALL, Loopback, Reply
from vidi.inference.providers.transport.answer import NoAnswerError
from vidi.inference.providers.transport.call import PermitError
from vidi.inference.providers.transport.guard import Guard
from vidi.inference.providers.transport.routes import Routes
from vidi.inference.providers.transport.wire import open_wire
from vidi.inference.tracking.boot_clock import boot_seconds

BUY = "https://queue.fal.run/fal-ai/flux"
LOOK = "https://queue.fal.run/fal-ai/flux/requests/r/status"
KEY = {"Authorization": "Key k", "Cookie": "c=1"}


@pytest.fixture
async def guarded():
    """A guard and a client over it, on the way to one server."""
    wire = open_wire()

    def guard_to(url):
        guard = Guard(Routes("fal", settings_at(url)), wire, SHORT)
        return guard, httpx.AsyncClient(transport=guard)

    yield guard_to
    await wire.aclose()


async def test_a_second_paid_post_of_one_permit_stops_before_the_wire(guarded):
    async with Loopback(Reply(200, {"request_id": "1"})) as server:
        guard, client = guarded(server.url)

        async def post_twice():
            await client.post(BUY)
            await client.post(BUY)

        call = await guard.run(post_twice(), deadline_s=5, buys=True)
    assert call.answer.json() == {"request_id": "1"}
    assert server.posts == 1


@pytest.mark.parametrize("status", [408, 409, 429, 500, 503])
async def test_a_retry_loop_never_gets_to_its_second_round(guarded, status):
    async with Loopback(Reply(status, b"nginx")) as server:
        guard, client = guarded(server.url)

        async def retry():
            for _ in range(5):
                with suppress(httpx.HTTPError):
                    await client.post(BUY)

        call = await guard.run(retry(), deadline_s=5, buys=True)
    assert (call.answer.status, server.posts) == (status, 1)


async def test_a_paid_post_without_a_permit_stops_before_the_wire(guarded):
    async with Loopback(Reply(200)) as server:
        guard, client = guarded(server.url)
        with pytest.raises(PermitError, match="may cost money without a permit"):
            await guard.run(client.post(BUY), deadline_s=5)
    assert server.asked == []


async def test_a_purchase_sends_nothing_but_its_one_post(guarded):
    async with Loopback(Reply(200)) as server:
        guard, client = guarded(server.url)
        with pytest.raises(PermitError, match="is not the purchase asked for"):
            await guard.run(client.get(LOOK), deadline_s=5, buys=True)
    assert server.asked == []


async def test_outside_of_an_errand_nothing_is_sent(guarded):
    async with Loopback(Reply(200)) as server:
        _, client = guarded(server.url)
        with pytest.raises(PermitError, match="outside of a call"):
            await client.get(LOOK)
    assert server.asked == []


async def test_an_errand_that_asks_nothing_was_not_sent(guarded):
    async def rest():
        return 1

    guard, _ = guarded("http://127.0.0.1:9")
    with pytest.raises(NoAnswerError, match="the SDK asked nothing") as caught:
        _ = (await guard.run(rest(), deadline_s=5)).reply
    assert caught.value.unsent


async def test_an_error_before_the_first_request_stays_itself(guarded):
    async def stumble():
        raise LookupError("ours")

    guard, _ = guarded("http://127.0.0.1:9")
    with pytest.raises(LookupError, match="ours"):
        await guard.run(stumble(), deadline_s=5)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_a_redirect_is_an_answer_and_takes_no_key_along(guarded, status):
    async with Loopback(Reply(200)) as other:
        to = {"Location": f"{other.url.replace('127.0.0.1', 'localhost')}/x"}
        async with Loopback(Reply(status, b"", to)) as server:
            guard, client = guarded(server.url)
            call = await guard.run(client.get(LOOK, headers=KEY), deadline_s=5)
    assert call.answer.status == status
    assert other.asked == []


async def test_a_key_is_sent_to_the_settings_own_origin_alone(guarded):
    async with Loopback(Reply(200)) as foreign, Loopback(Reply(200)) as own:
        guard, client = guarded(own.url)
        for url in (LOOK, f"{own.url}/x", f"{foreign.url}/x"):
            await guard.run(client.get(url, headers=KEY), deadline_s=5)
    assert [asked.headers.get("authorization") for asked in own.asked] == ["Key k", "Key k"]
    assert [asked.headers.get("authorization") for asked in foreign.asked] == [None]
    assert [asked.headers.get("cookie") for asked in foreign.asked] == [None]
    assert own.asked[0].headers["host"] == own.url.removeprefix("http://")


async def test_an_answer_is_kept_whole(guarded):
    headers = {"Content-Encoding": "identity", "X-Fal-Billable-Units": "3.008"}
    async with Loopback(Reply(200, {"a": 1}, headers)) as server:
        guard, client = guarded(server.url)
        call = await guard.run(client.get(LOOK), deadline_s=5)
    assert call.answer.json() == {"a": 1}
    assert call.answer.headers["x-fal-billable-units"] == "3.008"
    assert call.value.json() == {"a": 1}
    assert server.asked[0].headers["accept-encoding"] == "identity"


async def test_a_packed_answer_is_no_answer(guarded):
    packed = Reply(200, gzip.compress(b'{"a": 1}'), {"Content-Encoding": "gzip"})
    async with Loopback(packed) as server:
        guard, client = guarded(server.url)
        with pytest.raises(NoAnswerError, match=r"packed \(gzip\)") as caught:
            await guard.run(client.get(LOOK), deadline_s=5)
    assert not caught.value.unsent


async def test_the_deadline_holds_for_the_whole_errand(guarded):
    async with Loopback(STALL) as server:
        guard, client = guarded(server.url)
        with pytest.raises(NoAnswerError, match=r"(?m)^no answer in time$") as caught:
            await guard.run(client.get(LOOK), deadline_s=0.2)
    assert not caught.value.unsent


async def test_what_the_sdk_makes_of_an_answer_does_not_matter(guarded):
    async with Loopback(Reply(200, {"status": "NEW"})) as server:
        guard, client = guarded(server.url)

        async def stumble():
            await client.get(LOOK)
            raise KeyError("queue_position")

        call = await guard.run(stumble(), deadline_s=5)
    assert call.answer.fields() == {"status": "NEW"}


@pytest.mark.parametrize(("ahead_s", "posts"), [(-0.001, 0), (60, 1)])
async def test_what_is_late_does_not_leave(guarded, ahead_s, posts):
    """Who stood still since its intent hands it back as not sent, whatever its SDK tries."""
    async with Loopback(Reply(200, {"request_id": "1"})) as server:
        guard, client = guarded(server.url)

        async def insist():
            for _ in range(3):
                with suppress(httpx.HTTPError, NoAnswerError):
                    await client.post(BUY)

        by = boot_seconds() + ahead_s
        with nullcontext() if posts else pytest.raises(NoAnswerError, match="stood still") as late:
            await guard.run(insist(), deadline_s=5, buys=True, send_by=by)
    assert server.posts == posts
    assert posts or late.value.unsent
