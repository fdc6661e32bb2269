"""One request to an ASGI app in process, its answer streamed. Imports httpx, so import it late.

httpx's own ASGI transport hands an answer over when it is complete; a stream of statuses would
then show nothing until the end.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, NamedTuple, Self

import httpx

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from starlette.types import ASGIApp, Message, Scope


class ResponseHead(NamedTuple):
    """The beginning of an answer."""

    status: int
    headers: list[tuple[bytes, bytes]]


class Exchange(httpx.AsyncByteStream):
    """A request that an app is working on; iterating gives the body as the app sends it."""

    def __init__(self, body: bytes) -> None:
        self._body: bytes | None = body
        self._head: asyncio.Future[ResponseHead] = asyncio.get_running_loop().create_future()
        self._pieces: asyncio.Queue[bytes | None] = asyncio.Queue(maxsize=4)
        self._closed = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    @classmethod
    async def begin(cls, app: ASGIApp, request: httpx.Request) -> tuple[ResponseHead, Self]:
        """Hand a request to the app and wait for the beginning of its answer."""
        exchange = cls(await request.aread())
        task = asyncio.create_task(exchange._work_off(app, _scope_of(request)))
        exchange._task = task
        try:
            either: set[asyncio.Future[Any]] = {task, exchange._head}
            await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
        except asyncio.CancelledError:
            await exchange.aclose()
            raise
        if not exchange._head.done():
            await task  # the app broke, and this says how
            raise RuntimeError("the app ended without an answer")
        return exchange._head.result(), exchange

    async def __aiter__(self) -> AsyncIterator[bytes]:
        while (piece := await self._pieces.get()) is not None:
            yield piece
        if self._task is not None:
            await self._task

    async def aclose(self) -> None:
        """Stop the app, if it is still at it."""
        self._closed.set()
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait({self._task})

    async def _work_off(self, app: ASGIApp, scope: Scope) -> None:
        try:
            await app(scope, self._receive, self._send)
        finally:
            if not self._closed.is_set():
                await self._pieces.put(None)

    async def _receive(self) -> Message:
        if self._body is not None:
            body, self._body = self._body, None
            return {"type": "http.request", "body": body, "more_body": False}
        await self._closed.wait()
        return {"type": "http.disconnect"}

    async def _send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self._head.set_result(ResponseHead(message["status"], list(message.get("headers", ()))))
        elif message.get("body"):
            await self._pieces.put(message["body"])


def _scope_of(request: httpx.Request) -> Scope:
    url = request.url
    return {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.4"},
        "http_version": "1.1",
        "method": request.method,
        "headers": [(name.lower(), value) for name, value in request.headers.raw],
        "scheme": url.scheme,
        "path": url.path,
        "raw_path": url.raw_path.split(b"?")[0],
        "query_string": url.query,
        "server": (url.host, url.port),
        "client": ("127.0.0.1", 123),
        "root_path": "",
    }
