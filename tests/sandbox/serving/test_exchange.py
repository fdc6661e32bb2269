"""Requests to an app in process: streamed, stopped, and broken apps."""

import asyncio

import httpx
import pytest

from vidi.sandbox.serving.exchange import Exchange


def _request():
    return httpx.Request("POST", "https://queue.fal.run/a%20b?c=1", content=b"body")


def _app(work):
    async def app(scope, receive, send):
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await work(scope, receive, send)

    return app


async def test_pieces_come_as_they_are_sent():
    go = asyncio.Event()

    async def work(_scope, _receive, send):
        await send({"type": "http.response.body", "body": b"one", "more_body": True})
        await go.wait()
        await send({"type": "http.response.body", "body": b"two"})

    head, exchange = await Exchange.begin(_app(work), _request())
    pieces = aiter(exchange)
    assert (head.status, await anext(pieces)) == (200, b"one")
    go.set()
    assert [piece async for piece in pieces] == [b"two"]
    await exchange.aclose()


async def test_the_app_sees_the_request():
    seen = {}

    async def work(scope, receive, _send):
        seen.update(scope, body=(await receive())["body"])

    _, exchange = await Exchange.begin(_app(work), _request())
    assert [piece async for piece in exchange] == []
    assert (seen["path"], seen["raw_path"], seen["query_string"]) == ("/a b", b"/a%20b", b"c=1")
    assert (seen["method"], seen["body"]) == ("POST", b"body")
    assert (b"host", b"queue.fal.run") in seen["headers"]


async def test_closing_stops_the_app():
    stopped = asyncio.Event()

    async def work(_scope, receive, _send):
        await receive()
        try:
            await receive()
        finally:
            stopped.set()

    _, exchange = await Exchange.begin(_app(work), _request())
    await asyncio.sleep(0)
    await exchange.aclose()
    assert stopped.is_set()


async def test_an_app_that_breaks_at_once():
    async def app(_scope, _receive, _send):
        raise LookupError("nothing")

    with pytest.raises(LookupError, match="nothing"):
        await Exchange.begin(app, _request())


async def test_an_app_without_an_answer():
    async def app(_scope, _receive, _send):
        pass

    with pytest.raises(RuntimeError, match="the app ended without an answer"):
        await Exchange.begin(app, _request())


async def test_an_app_that_breaks_later():
    async def work(_scope, _receive, send):
        await send({"type": "http.response.body", "body": b"one", "more_body": True})
        raise LookupError("nothing")

    _, exchange = await Exchange.begin(_app(work), _request())
    with pytest.raises(LookupError, match="nothing"):
        [piece async for piece in exchange]


async def test_a_caller_that_gives_up_stops_the_app():
    stopped = asyncio.Event()

    async def app(_scope, _receive, _send):
        try:
            await asyncio.sleep(10)
        finally:
            stopped.set()

    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.02):
            await Exchange.begin(app, _request())
    assert stopped.is_set()
