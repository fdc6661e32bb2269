"""The guard: one paid POST for each permit, and keys only where they belong."""

from __future__ import annotations

import asyncio
import gzip
import socket
import time
from contextlib import ExitStack, nullcontext, suppress

import httpx
import pytest

from inference.providers.conftest import SHORT, settings_at
from support.servers.loopback import RESET, STALL, Loopback, Reply, closed_port
from vidi.errors import InDoubtError, NotSentError
from vidi.inference.providers.transport.answer import NoAnswerError
from vidi.inference.providers.transport.call import (
    AnsweredError,
    PermitError,
    read_send_error,
)
from vidi.inference.providers.transport.guard import LONGEST_LINE, MOST_BYTES, PIECE, Guard
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
    assert call.value.headers["x-fal-billable-units"] == "3.008"
    assert call.value.request.url == LOOK
    framing = {"content-encoding", "content-length", "transfer-encoding"}
    assert framing.isdisjoint(call.answer.headers)
    assert server.asked[0].headers["accept-encoding"] == "identity"


async def test_a_packed_answer_is_no_answer(guarded):
    packed = Reply(200, gzip.compress(b'{"a": 1}'), {"Content-Encoding": "gzip"})
    async with Loopback(packed) as server:
        guard, client = guarded(server.url)
        with pytest.raises(NoAnswerError, match=r"packed \(gzip\)") as caught:
            await guard.run(client.get(LOOK), deadline_s=5)
    assert not caught.value.unsent
    odd = Reply(200, b"", {"Content-Encoding": " X" + 60 * "y"})
    async with Loopback(odd) as server:
        guard, client = guarded(server.url)
        told = rf"is packed \(x{39 * 'y'}\), which was not asked for$"
        with pytest.raises(NoAnswerError, match=told):
            await guard.run(client.get(LOOK), deadline_s=5)


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


def test_what_a_provider_names_is_its_own_or_gets_nothing(guarded):
    guard, _ = guarded("https://proxy.example/fal")
    own = "https://proxy.example/fal/x"
    assert [guard.owns(url) for url in (LOOK, own, "https://other.example/x")] == [
        True,
        True,
        False,
    ]
    assert [guard.trusts(url) for url in (LOOK, own, "https://other.example/x")] == [
        True, True, False,
    ]  # fmt: skip


@pytest.mark.parametrize("size", [0, 1, PIECE, PIECE + 1, 2 * PIECE + 7])
async def test_a_body_of_any_size_arrives_whole_with_its_length(guarded, size):
    body = bytes(range(256)) * (size // 256 + 1)
    async with Loopback(Reply(200)) as own, Loopback(Reply(200)) as foreign:
        guard, client = guarded(own.url)
        for url, server in ((BUY, own), (f"{foreign.url}/x", foreign)):
            await guard.run(
                client.post(url, content=body[:size], headers=KEY), deadline_s=5, buys=True
            )
            (asked,) = server.asked
            assert asked.body == body[:size]
            assert asked.headers["content-length"] == str(size)
            assert ("authorization" in asked.headers) == (server is own)


@pytest.mark.parametrize("size", [1, PIECE + 1])
async def test_silence_ends_a_call_before_its_deadline(guarded, size):
    async with Loopback(STALL) as server:
        guard, client = guarded(server.url)
        begun = time.monotonic()
        with pytest.raises(NoAnswerError):
            await guard.run(client.post(BUY, content=b"x" * size), deadline_s=4, buys=True)
    assert time.monotonic() - begun < 3


@pytest.mark.parametrize(("script", "unsent"), [(None, True), (RESET, False)])
async def test_what_the_wire_saw_proves_whether_a_purchase_left(guarded, script, unsent):
    async with Loopback(script or STALL) as server:
        guard, client = guarded(server.url if script else closed_port())
        with pytest.raises(NoAnswerError) as caught:
            await guard.run(client.post(BUY), deadline_s=5, buys=True)
    assert caught.value.unsent is unsent


async def test_a_purchase_that_is_cut_off_on_the_wire_is_in_doubt(guarded):
    async with Loopback(STALL) as server:
        guard, client = guarded(server.url)
        task = asyncio.create_task(guard.run(client.post(BUY), deadline_s=5, buys=True))
        while not server.posts:
            await asyncio.sleep(0.01)
        task.cancel()
        with pytest.raises(asyncio.CancelledError) as caught:
            await task
    assert isinstance(read_send_error(caught.value), InDoubtError)


async def test_a_purchase_that_is_cut_off_before_a_connection_stands_was_not_sent(guarded):
    with socket.create_server(("127.0.0.1", 0), backlog=0) as full, ExitStack() as held:
        for _ in range(4):
            waiting = held.enter_context(socket.socket())
            waiting.setblocking(False)
            waiting.connect_ex(full.getsockname())
        guard, client = guarded(f"http://127.0.0.1:{full.getsockname()[1]}")
        task = asyncio.create_task(guard.run(client.post(BUY), deadline_s=5, buys=True))
        await asyncio.sleep(0.2)
        task.cancel()
        with pytest.raises(asyncio.CancelledError) as caught:
            await task
    assert isinstance(read_send_error(caught.value), NotSentError)


async def test_a_look_is_a_get_of_the_call_with_its_headers_and_nothing_else(guarded):
    async with Loopback(Reply(200, {"status": "NEW"})) as server:
        guard, _ = guarded(server.url)
        call = await guard.run(guard.look(LOOK, KEY), deadline_s=5)
        with pytest.raises(PermitError):
            await guard.look(LOOK, KEY)
    (asked,) = server.asked
    assert (asked.method, asked.path, asked.body) == (
        "GET", "/fal-ai/flux/requests/r/status", b"",
    )  # fmt: skip
    assert asked.headers["authorization"] == "Key k"
    assert call.answer.fields() == {"status": "NEW"}


async def test_an_sdk_hears_of_a_refusal_as_an_error_that_it_does_not_know(guarded):
    heard = []
    async with Loopback(Reply(503)) as server:
        guard, client = guarded(server.url)

        async def ask():
            try:
                await client.get(LOOK)
            except AnsweredError as error:
                heard.append(str(error))

        call = await guard.run(ask(), deadline_s=5)
    assert (heard, call.answer.status) == (["HTTP 503"], 503)


class Wire(httpx.AsyncBaseTransport):
    """A wire whose answers come in pieces of our choice, and end as we like."""

    def __init__(self, *pieces, status=200, headers=None, ends=None):
        self.pieces, self.status, self.headers, self.ends = pieces, status, headers or {}, ends
        self.asked = []

    async def handle_async_request(self, request):
        self.asked.append(request)
        return httpx.Response(self.status, headers=self.headers, stream=Pieces(self))


class Pieces(httpx.AsyncByteStream):
    def __init__(self, wire):
        self._wire = wire

    async def __aiter__(self):
        for piece in self._wire.pieces:
            yield piece

    async def aclose(self):
        if self._wire.ends is not None:
            raise self._wire.ends


def guard_over(wire):
    guard = Guard(Routes("fal", settings_at("https://proxy.example")), wire, SHORT)
    return guard, httpx.AsyncClient(transport=guard)


async def test_an_answer_is_bounded_and_put_together_as_it_came():
    piece = b"x" * (MOST_BYTES // 4)
    guard, client = guard_over(Wire(*[piece] * 4))
    call = await guard.run(client.get(LOOK), deadline_s=20)
    assert len(call.answer.body) == MOST_BYTES
    guard, client = guard_over(Wire(*[piece] * 4, b"y"))
    with pytest.raises(NoAnswerError, match=r"^the answer is larger than 67,108,864 bytes$"):
        await guard.run(client.get(LOOK), deadline_s=20)


@pytest.mark.parametrize("ends", [httpx.ReadError("cut"), OSError("cut")])
async def test_a_connection_that_fails_after_a_whole_answer_takes_nothing_from_it(ends):
    guard, client = guard_over(Wire(b'{"request_id": ', b'"1"}', ends=ends))
    call = await guard.run(client.post(BUY), deadline_s=5, buys=True)
    assert call.answer.json() == {"request_id": "1"}


def listen(wire, url=LOOK):
    guard, _ = guard_over(wire)

    async def collect():
        return [line async for line in guard.follow(url, KEY)]

    return collect()


async def test_the_lines_of_a_stream_come_whole_however_they_were_cut():
    wire = Wire(b"da", b"ta: 1\r\n\nda", b"ta: \xff\xc3\xa9\r\n", b"\rx \tX\r\ny \n", b"the rest")
    assert await listen(wire) == ["data: 1", "", "data: \ufffdé", "\rx \tX", "y "]
    (asked,) = wire.asked
    assert (asked.headers["host"], asked.read()) == ("proxy.example", b"")
    assert asked.url == "https://proxy.example/fal-ai/flux/requests/r/status"
    assert (asked.headers["authorization"], asked.extensions["timeout"]) == (
        "Key k",
        SHORT.timeouts(),
    )
    foreign = Wire(b"x\n")
    assert await listen(foreign, url="https://other.example/x") == ["x"]
    assert "authorization" not in foreign.asked[0].headers


async def test_a_stream_that_is_not_served_has_no_lines_and_whatever_is_followed_is_a_look():
    assert await listen(Wire(b"x\n", status=404)) == []
    wire = Wire(b"x\n")
    assert await listen(wire, BUY) == ["x"]
    assert [asked.method for asked in wire.asked] == ["GET"]


async def test_the_lines_of_a_stream_are_bounded_and_never_unpacked():
    line = b"x" * LONGEST_LINE
    assert await listen(Wire(line, b"\n")) == [line.decode()]
    with pytest.raises(ValueError, match=r"^a line of the stream is longer than 1,048,576 bytes$"):
        await listen(Wire(line, b"y", b"\n"))
    with pytest.raises(ValueError, match="packed"):
        await listen(Wire(gzip.compress(b"x\n"), headers={"Content-Encoding": "gzip"}))
