"""The sandbox as an httpx transport: in process, no port. Imports httpx, so import it late."""

from __future__ import annotations

from typing import TYPE_CHECKING, NoReturn

import httpx

from vidi.sandbox.serving.exchange import Exchange
from vidi.sandbox.serving.wire import MARK

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from starlette.applications import Starlette


class SandboxTransport(httpx.AsyncBaseTransport):
    """Answers every request from the sandbox; dropped connections become httpx's own errors."""

    def __init__(self, app: Starlette) -> None:
        self.app = app

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Answer one request.

        Raises:
            httpx.ConnectError: The fault plan refuses the connection.
            httpx.ReadError: The fault plan drops it.
            httpx.ReadTimeout: The fault plan stalls it.
        """
        head, exchange = await Exchange.begin(self.app, request)
        response = httpx.Response(head.status, headers=head.headers, stream=exchange)
        mark = response.headers.pop(MARK, "")
        if mark == "truncated":
            response.stream = _BrokenStream(exchange, request)
        elif mark:
            await exchange.aclose()
            _raise(mark, request)
        return response


class _BrokenStream(httpx.AsyncByteStream):
    """A body that ends before its length is reached."""

    def __init__(self, exchange: Exchange, request: httpx.Request) -> None:
        self._exchange = exchange
        self._request = request

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for piece in self._exchange:
            yield piece
        raise httpx.RemoteProtocolError(
            "peer closed connection without sending complete message body", request=self._request
        )

    async def aclose(self) -> None:
        """Stop the app."""
        await self._exchange.aclose()


def _raise(mark: str, request: httpx.Request) -> NoReturn:
    if mark == "refused":
        raise httpx.ConnectError("the sandbox refused the connection", request=request)
    if mark == "timeout":
        raise httpx.ReadTimeout("the sandbox did not answer in time", request=request)
    raise httpx.ReadError("the sandbox reset the connection", request=request)
