"""The transport that every request of a provider goes through, whatever SDK made it.

Heavy: imports httpx. A request is sent only within an errand (`Guard.run`). An errand that may buy
gets one permit: its first POST uses it up, and any further one is refused before the wire. The
guard records the answer as it came; what the SDK makes of it afterwards does not matter. It raises
errors of its own, which no SDK's retry loop knows.
"""

from __future__ import annotations

import asyncio
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import httpx

from vidi.errors import InDoubtError, NotSentError, VidiError
from vidi.inference.providers.answer import Answer, NoAnswerError
from vidi.inference.providers.witness import WITNESS, Witness

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable
    from types import TracebackType

    from vidi.inference.providers.patience import Patience
    from vidi.inference.providers.routes import Routes, Target

PIECE = 128 * 1024
"""Bytes of a body written at once."""
MOST_BYTES = 64 * 1024 * 1024
"""Of a decoded answer; the assets themselves are fetched elsewhere."""

SECRET_HEADERS = ("authorization", "cookie", "proxy-authorization")


class PermitError(VidiError):
    """A request that may cost money was about to be sent without a permit: our bug."""


class AnsweredError(Exception):
    """The answer is recorded and is not 2xx; takes the SDK out of its retry loop."""


@dataclass(slots=True)
class Errand:
    """One thing a provider does: what it may send, and what came back."""

    buys: bool
    posted: bool = False
    """Whether the permit is used up."""
    answer: Answer | None = None
    """The last answer, or the first that was not 2xx."""
    failure: NoAnswerError | None = None
    refused: PermitError | None = None
    value: Any = None
    """What the SDK returned, where it returned."""
    witness: Witness = field(default_factory=Witness)
    """Of the last request."""
    sent: int = 0
    """Requests handed to the wire."""

    def admit(self, target: Target) -> None:
        """Let a request pass, or refuse it before the wire.

        Raises:
            PermitError: It may cost money and no permit is left, or it has no business here.
        """
        if target.paid != self.buys or self.posted:
            self.refused = PermitError(f"refused to send what {_DEEDS[target.paid]}: {target.url}")
            raise self.refused
        self.posted = target.paid
        self.sent += 1

    def record(self, answer: Answer) -> None:
        """Keep an answer; a refusal is not covered up by a later success."""
        if self.answer is None or self.answer.ok:
            self.answer = answer

    def __enter__(self) -> Errand:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None
    ) -> bool:
        """End with an answer, whatever the SDK thought of it, or with `NoAnswerError`.

        A cancelled purchase goes on as the same `CancelledError`, whose `__cause__` says whether
        the POST was sent.
        """
        if isinstance(error, asyncio.CancelledError) and self.buys:
            error.__cause__ = self._fate_of_cancelled(error)
            return False
        if error is not None and not isinstance(error, Exception):
            return False
        if self.failure is not None:
            raise self.failure from error
        if self.answer is not None:
            return True
        if self.refused is not None:
            raise self.refused from error
        if error is None or not (self.sent or isinstance(error, TimeoutError)):
            return False
        unsent = not self.sent or self.witness.proves_unsent(error)
        raise NoAnswerError(_describe(error), unsent=unsent) from error

    def _fate_of_cancelled(self, error: BaseException) -> InDoubtError | NotSentError:
        if not self.posted or self.witness.proves_unsent(error):
            return NotSentError("cancelled before it was sent")
        return InDoubtError("cancelled while it was being sent")


_DEEDS = {True: "may cost money without a permit", False: "is not the purchase asked for"}
_ERRAND: ContextVar[Errand | None] = ContextVar("vidi_errand", default=None)


class Guard(httpx.AsyncBaseTransport):
    """The only way from a provider's SDK to the network."""

    def __init__(self, routes: Routes, wire: httpx.AsyncBaseTransport, patience: Patience) -> None:
        self._routes = routes
        self._wire = wire
        self._patience = patience

    async def run(self, work: Awaitable[Any], *, deadline_s: float, buys: bool = False) -> Errand:
        """Let an SDK do one thing, and return what came back.

        Raises:
            NoAnswerError: No whole answer came before the deadline.
        """
        errand = Errand(buys)
        token = _ERRAND.set(errand)
        try:
            with errand:
                async with asyncio.timeout(deadline_s):
                    errand.value = await work
        finally:
            _ERRAND.reset(token)
        if errand.answer is None:
            raise NoAnswerError("the SDK asked nothing", unsent=True)
        return errand

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send one request of the current errand, and record its answer."""
        errand = _ERRAND.get()
        if errand is None:
            raise PermitError(f"refused to send a request outside of an errand: {request.url}")
        target = self._routes.resolve(request.method, str(request.url))
        forwarded = await self._address(request, target)
        errand.admit(target)
        errand.witness = Witness()
        answer = await self._exchange(errand, forwarded)
        errand.record(answer if answer.ok else answer.redacted(self._routes.settings))
        if not answer.ok:
            raise AnsweredError(f"HTTP {answer.status}")
        return httpx.Response(
            answer.status, headers=answer.headers, content=answer.body, request=request
        )

    async def _address(self, request: httpx.Request, target: Target) -> httpx.Request:
        headers = request.headers.copy()
        headers.pop("host", None)
        if not target.trusted:
            for name in SECRET_HEADERS:
                headers.pop(name, None)
        extensions = {"timeout": self._patience.timeouts()}
        body = await request.aread()
        if len(body) <= PIECE:
            return httpx.Request(
                request.method, target.url, headers=headers, content=body, extensions=extensions
            )
        headers["content-length"] = str(len(body))
        pieces = _Pieces(body)
        return httpx.Request(
            request.method, target.url, headers=headers, stream=pieces, extensions=extensions
        )

    async def _exchange(self, errand: Errand, request: httpx.Request) -> Answer:
        token = WITNESS.set(errand.witness)
        try:
            response = await self._wire.handle_async_request(request)
            try:
                body = await _read(response)
            finally:
                await response.aclose()
        except (httpx.HTTPError, httpx.StreamError, httpx.InvalidURL, OSError, ValueError) as error:
            unsent = errand.witness.proves_unsent(error)
            errand.failure = NoAnswerError(_describe(error), unsent=unsent)
            raise errand.failure from error
        finally:
            WITNESS.reset(token)
        kept = {k.lower(): v for k, v in response.headers.items() if k.lower() not in _FRAMING}
        return Answer(response.status_code, kept, body)

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


async def _read(response: httpx.Response) -> bytes:
    chunks, size = [], 0
    async for chunk in response.aiter_bytes():
        size += len(chunk)
        if size > MOST_BYTES:
            raise ValueError(f"the answer is larger than {MOST_BYTES:,} bytes")
        chunks.append(chunk)
    return b"".join(chunks)


def _describe(error: BaseException) -> str:
    """Say what went wrong on the way, in the words of the innermost library."""
    cause = error.__cause__ if isinstance(error, httpx.HTTPError) and error.__cause__ else error
    if isinstance(cause, TimeoutError) and not str(cause):
        return "no answer in time"
    return str(cause) or type(cause).__name__
