"""The transport that every request of a provider goes through, whatever SDK made it.

Heavy: imports httpx. A request is sent only within a call (`Guard.run`), which may refuse it.
The guard records the answer as it came; what the SDK makes of it afterwards does not matter. It
raises errors of its own, which no SDK's retry loop knows.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from contextvars import ContextVar
from typing import TYPE_CHECKING, cast

import httpx

from vidi.inference.providers.transport.answer import Answer
from vidi.inference.providers.transport.call import AnsweredError, PermitError, ProviderCall
from vidi.inference.providers.transport.sent_evidence import EVIDENCE

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterator, Awaitable

    from vidi.inference.providers.transport.routes import Routes, Target
    from vidi.inference.providers.transport.timeouts import CallTimeouts

ENCODING = "identity"
"""The one content encoding that is asked for, and taken: 6 GB came of 6 MB of gzip."""
LONGEST_LINE = 1024 * 1024
"""Bytes of one line of an event stream."""
PIECE = 128 * 1024
"""Bytes of a body written at once."""
MOST_BYTES = 64 * 1024 * 1024
"""Of an answer; the assets themselves are fetched elsewhere."""

SECRET_HEADERS = ("authorization", "cookie", "proxy-authorization")


_CALL: ContextVar[ProviderCall | None] = ContextVar("vidi_errand", default=None)


class Guard(httpx.AsyncBaseTransport):
    """The only way from a provider's SDK to the network."""

    def __init__(
        self, routes: Routes, wire: httpx.AsyncBaseTransport, timeouts: CallTimeouts
    ) -> None:
        self._routes = routes
        self._wire = wire
        self._timeouts = timeouts

    def owns(self, url: str) -> bool:
        """Whether a URL that a provider sent is an address of its own API."""
        return self._routes.owns(url)

    def trusts(self, url: str) -> bool:
        """Whether a URL may be given what only the provider may have: a key, or a file."""
        return self._routes.resolve("GET", url).trusted

    async def run(
        self,
        work: Awaitable[object],
        *,
        deadline_s: float,
        buys: bool = False,
        send_by: float | None = None,
    ) -> ProviderCall:
        """Let an SDK do one thing, and return what came back.

        Args:
            work: What the SDK does.
            deadline_s: Seconds that it may take.
            buys: Whether it may buy, once.
            send_by: When it is too late for that, by the boot clock.

        Raises:
            NoAnswerError: No whole answer came before the deadline.
            CancelledError: From outside; `read_fate` tells what became of a purchase.
        """
        call = ProviderCall(buys, send_by)
        token = _CALL.set(call)
        try:
            with call:
                async with asyncio.timeout(deadline_s):
                    call.value = await work
        finally:
            _CALL.reset(token)
        return call

    async def follow(self, request: httpx.Request) -> AsyncGenerator[str]:
        """Read the lines of an event stream as they come; none where it is not served.

        Raises:
            httpx.HTTPError: The connection failed, as a stream may at any time.
        """
        target = self._routes.resolve(request.method, str(request.url))
        ProviderCall(buys=False).admit(target)
        response = await self._wire.handle_async_request(await self._address(request, target))
        try:
            if response.status_code == httpx.codes.OK:
                _refuse_packed(response)
                async for line in _split_lines(response):
                    yield line
        finally:
            await response.aclose()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send one request of the current call, and record its answer."""
        call = _CALL.get()
        if call is None:
            raise PermitError(f"refused to send a request outside of a call: {request.url}")
        target = self._routes.resolve(request.method, str(request.url))
        forwarded = await self._address(request, target)
        call.admit(target)
        answer = await self._exchange(call, forwarded)
        if not answer.ok:
            raise AnsweredError(f"HTTP {answer.status}")
        return httpx.Response(
            answer.status, headers=answer.headers, content=answer.body, request=request
        )

    async def _address(self, request: httpx.Request, target: Target) -> httpx.Request:
        headers = request.headers.copy()
        url = httpx.URL(target.url)
        headers["host"] = url.netloc.decode()
        headers["accept-encoding"] = ENCODING
        # Keys go to the providers' API hosts alone; whatever else an SDK asks for gets none.
        if not target.trusted:
            for name in SECRET_HEADERS:
                headers.pop(name, None)
        extensions = {"timeout": self._timeouts.timeouts()}
        body = await request.aread()
        if len(body) <= PIECE:
            return httpx.Request(
                request.method, url, headers=headers, content=body, extensions=extensions
            )
        headers["content-length"] = str(len(body))
        pieces = _Pieces(body)
        return httpx.Request(
            request.method, url, headers=headers, stream=pieces, extensions=extensions
        )

    async def _exchange(self, call: ProviderCall, request: httpx.Request) -> Answer:
        """Send one request and record its answer the moment it is whole."""
        token = EVIDENCE.set(call.evidence)
        try:
            response = await self._wire.handle_async_request(request)
            try:
                answer = await _read(response)
                call.record(answer if answer.ok else answer.redacted(self._routes.settings))
            finally:
                with suppress(httpx.HTTPError, OSError):  # the answer is there, come what may
                    await response.aclose()
        except (httpx.HTTPError, httpx.StreamError, httpx.InvalidURL, OSError, ValueError) as error:
            raise call.fail(error) from error
        finally:
            EVIDENCE.reset(token)
        return answer

    async def aclose(self) -> None:
        """Leave the wire open: whoever opened it closes it."""


class _Pieces(httpx.AsyncByteStream):
    """A body in pieces: aiohttp blocks the loop, and warns, when given a large one whole."""

    def __init__(self, body: bytes) -> None:
        self._body = body

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for start in range(0, len(self._body), PIECE):
            yield self._body[start : start + PIECE]


_FRAMING = {"content-encoding", "content-length", "transfer-encoding"}


def _refuse_packed(response: httpx.Response) -> None:
    """Refuse a packed body before anything unpacks it: nobody knows what it would become."""
    packed = response.headers.get("content-encoding", "").strip().lower()
    if packed not in {"", ENCODING}:
        raise ValueError(f"the answer is packed ({packed[:40]}), which was not asked for")


async def _split_lines(response: httpx.Response) -> AsyncIterator[str]:
    """The whole lines of a body, none of them longer than the bound."""
    rest = b""
    async for chunk in response.aiter_bytes():
        *lines, rest = (rest + chunk).split(b"\n")
        for line in lines:
            yield line.rstrip(b"\r").decode("utf-8", errors="replace")
        if len(rest) > LONGEST_LINE:
            raise ValueError(f"a line of the stream is longer than {LONGEST_LINE:,} bytes")


async def _read(response: httpx.Response) -> Answer:
    _refuse_packed(response)
    chunks, size = [], 0
    # Not `aiter_bytes`: it closes the connection before it lets go of the last bytes, so that an
    # error of closing would take a whole answer away, a receipt too.
    async for chunk in cast("httpx.AsyncByteStream", response.stream):
        size += len(chunk)
        if size > MOST_BYTES:
            raise ValueError(f"the answer is larger than {MOST_BYTES:,} bytes")
        chunks.append(chunk)
    kept = {k.lower(): v for k, v in response.headers.items() if k.lower() not in _FRAMING}
    return Answer(response.status_code, kept, b"".join(chunks))
