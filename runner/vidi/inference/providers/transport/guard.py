"""The transport that every request of a provider goes through, whatever SDK made it.

Heavy: imports httpx. A request is sent only within a call (`Guard.run`), which may refuse it.
The guard records the answer as it came; what the SDK makes of it afterwards does not matter. It
raises errors of its own, which no SDK's retry loop knows.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from contextvars import ContextVar
from typing import TYPE_CHECKING, cast

import httpx

from vidi.inference.providers.transport.answer import Answer
from vidi.inference.providers.transport.call import AnsweredError, PermitError, ProviderCall
from vidi.inference.providers.transport.sent_evidence import EVIDENCE

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Iterator, Mapping

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

SECRET_HEADERS = frozenset({b"authorization", b"cookie", b"proxy-authorization"})
OWN_HEADERS = frozenset({b"host", b"accept-encoding", b"content-length"})
"""What is said anew of each request that is sent on."""

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

    async def follow(self, url: str, headers: Mapping[str, str]) -> AsyncGenerator[str]:
        """Read the lines of an event stream as they come; none where it is not served.

        Raises:
            httpx.HTTPError: The connection failed, as a stream may at any time.
        """
        target = self._routes.resolve("GET", url)
        ProviderCall(buys=False).admit(target)
        response = await self._wire.handle_async_request(
            self._address("GET", target, httpx.Headers(headers))
        )
        try:
            if response.status_code != httpx.codes.OK:
                return
            _refuse_packed(response)
            lines = _Lines()
            async with _pieces_of(response) as pieces:
                async for piece in pieces:
                    for line in lines.add(piece):
                        yield line
        finally:
            await response.aclose()

    async def look(self, url: str, headers: Mapping[str, str]) -> None:
        """Send a GET of the current call, and record its answer."""
        await self._send("GET", url, httpx.Headers(headers))

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send one request of the current call, and record its answer."""
        body = await request.aread()
        answer = await self._send(request.method, str(request.url), request.headers, body)
        if not answer.ok:
            raise AnsweredError(f"HTTP {answer.status}")
        return httpx.Response(answer.status, headers=answer.headers, content=answer.body)

    async def _send(
        self, method: str, url: str, headers: httpx.Headers, body: bytes = b""
    ) -> Answer:
        call = _CALL.get()
        if call is None:
            raise PermitError(f"refused to send a request outside of a call: {url}")
        target = self._routes.resolve(method, url)
        forwarded = self._address(method, target, headers, body)
        call.admit(target)
        return await self._exchange(call, forwarded)

    def _address(
        self, method: str, target: Target, headers: httpx.Headers, body: bytes = b""
    ) -> httpx.Request:
        url = httpx.URL(target.url)
        # Keys go to the providers' API hosts alone; whatever else an SDK asks for gets none.
        dropped = OWN_HEADERS if target.trusted else OWN_HEADERS | SECRET_HEADERS
        kept = [each for each in headers.raw if each[0].lower() not in dropped]
        # httpx adds the host to a body of one piece only.
        kept += [(b"Host", url.netloc), (b"Accept-Encoding", ENCODING.encode())]
        extensions = {"timeout": self._timeouts.timeouts()}
        if len(body) <= PIECE:
            return httpx.Request(method, url, headers=kept, content=body, extensions=extensions)
        kept.append((b"Content-Length", b"%d" % len(body)))
        pieces = _Pieces(body)
        return httpx.Request(method, url, headers=kept, stream=pieces, extensions=extensions)

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


class _Lines:
    """The whole lines of a body as it comes, none of them longer than the bound."""

    def __init__(self) -> None:
        self._rest = b""

    def add(self, piece: bytes) -> Iterator[str]:
        """Take the next piece; gives the lines that end in it."""
        *lines, self._rest = (self._rest + piece).split(b"\n")
        for line in lines:
            yield line.rstrip(b"\r").decode(errors="replace")
        if len(self._rest) > LONGEST_LINE:
            raise ValueError(f"a line of the stream is longer than {LONGEST_LINE:,} bytes")


@asynccontextmanager
async def _pieces_of(response: httpx.Response) -> AsyncIterator[AsyncIterator[bytes]]:
    """A body as the wire gives it, closed at the end.

    `aiter_bytes` closes the connection before it lets go of the last bytes, so that an error of
    closing would take a whole answer away, a receipt too. And it puts three generators around it:
    where one of them is left before its end, the event loop is woken to close it in a task.
    """
    pieces = aiter(cast("httpx.AsyncByteStream", response.stream))
    try:
        yield pieces
    finally:
        if isinstance(pieces, AsyncGenerator):
            await pieces.aclose()


async def _read(response: httpx.Response) -> Answer:
    _refuse_packed(response)
    chunks, size = [], 0
    async with _pieces_of(response) as pieces:
        async for chunk in pieces:
            size += len(chunk)
            if size > MOST_BYTES:
                raise ValueError(f"the answer is larger than {MOST_BYTES:,} bytes")
            chunks.append(chunk)
    kept = {k.lower(): v for k, v in response.headers.items() if k.lower() not in _FRAMING}
    return Answer(response.status_code, kept, b"".join(chunks))
