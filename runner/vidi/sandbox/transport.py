"""The sandbox as an httpx transport: in process, no port. Imports httpx, so import it late."""

from __future__ import annotations

from typing import TYPE_CHECKING, NoReturn

import httpx

from vidi.sandbox.wire import MARK

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from starlette.applications import Starlette


class SandboxTransport(httpx.AsyncBaseTransport):
    """Answers every request from the sandbox; dropped connections become httpx's own errors."""

    def __init__(self, app: Starlette) -> None:
        self.app = app
        self._wire = httpx.ASGITransport(app=app)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Answer one request.

        Raises:
            httpx.ConnectError: The fault plan refuses the connection.
            httpx.ReadError: The fault plan drops it.
            httpx.ReadTimeout: The fault plan stalls it.
        """
        response = await self._wire.handle_async_request(request)
        mark = response.headers.pop(MARK, "")
        if mark == "truncated":
            half = b"".join([piece async for piece in _pieces(response)])
            return httpx.Response(
                response.status_code, headers=response.headers, stream=_BrokenStream(half, request)
            )
        if mark:
            _raise(mark, request)
        return response


class _BrokenStream(httpx.AsyncByteStream):
    def __init__(self, half: bytes, request: httpx.Request) -> None:
        self._half = half
        self._request = request

    async def __aiter__(self) -> AsyncIterator[bytes]:
        yield self._half
        raise httpx.RemoteProtocolError(
            "peer closed connection without sending complete message body", request=self._request
        )


async def _pieces(response: httpx.Response) -> AsyncIterator[bytes]:
    assert isinstance(response.stream, httpx.AsyncByteStream)  # noqa: S101  ASGITransport's own
    async for piece in response.stream:
        yield piece


def _raise(mark: str, request: httpx.Request) -> NoReturn:
    if mark == "refused":
        raise httpx.ConnectError("the sandbox refused the connection", request=request)
    if mark == "timeout":
        raise httpx.ReadTimeout("the sandbox did not answer in time", request=request)
    raise httpx.ReadError("the sandbox reset the connection", request=request)
