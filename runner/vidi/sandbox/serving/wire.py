"""Answers that are no answers: a connection that drops, stalls, or ends in the middle of a body.

On a socket the server puts `vidi.hang_up` into the ASGI scope and these call it. In process there
is no connection, so they leave a mark in a header instead, which `transport.py` turns into the
error that an HTTP client would raise.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Literal

from starlette.responses import Response

if TYPE_CHECKING:
    from starlette.types import Receive, Scope, Send

HANG_UP = "vidi.hang_up"
"""The key of the ASGI scope whose value ends the connection: `hang_up(reset=True)`."""

MARK = "x-vidi-sandbox-wire"
"""The header that carries what happened on the wire that is not there."""

Drop = Literal["refused", "reset", "timeout", "truncated"]


class DroppedResponse(Response):
    """No answer: the connection is reset, or nothing comes until somebody gives up.

    Args:
        drop: What happens to the connection.
        patience_s: After how many seconds of silence the server ends it; None waits for the client.
    """

    def __init__(self, drop: Drop, patience_s: float | None = None) -> None:
        super().__init__(status_code=599, headers={MARK: drop})
        self._drop = drop
        self._patience_s = patience_s

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Drop the connection, or say in process that it dropped."""
        if HANG_UP not in scope:
            await super().__call__(scope, receive, send)
            return
        if self._drop != "timeout":
            scope[HANG_UP](reset=True)
        elif self._patience_s is not None:
            await asyncio.sleep(self._patience_s)
            scope[HANG_UP](reset=False)
        await _gone(receive)


class TruncatedResponse(Response):
    """The headers of an answer and the first half of its body, and then the connection drops."""

    def __init__(self, whole: Response) -> None:
        super().__init__(status_code=whole.status_code)
        self.raw_headers = whole.raw_headers
        self.body = bytes(whole.body)[: len(whole.body) // 2]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the half, then drop the connection."""
        on_socket = HANG_UP in scope
        headers = (
            self.raw_headers if on_socket else [*self.raw_headers, (MARK.encode(), b"truncated")]
        )
        await send({"type": "http.response.start", "status": self.status_code, "headers": headers})
        await send({"type": "http.response.body", "body": self.body, "more_body": on_socket})
        if on_socket:
            await asyncio.sleep(0.01)  # the half leaves before the end of the connection
            scope[HANG_UP](reset=False)
            await _gone(receive)


class SlowResponse(Response):
    """A whole answer whose body comes in ten pieces, spread over some seconds."""

    def __init__(self, whole: Response, seconds: float) -> None:
        super().__init__(status_code=whole.status_code)
        self.raw_headers = whole.raw_headers
        self.body = whole.body
        self._pause = seconds / 10

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the pieces with a pause before each."""
        del scope, receive
        body = bytes(self.body)
        step = max(1, -(-len(body) // 10))
        await send(
            {"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers}
        )
        for start in range(0, max(1, len(body)), step):
            await asyncio.sleep(self._pause)
            piece = body[start : start + step]
            await send({"type": "http.response.body", "body": piece, "more_body": True})
        await send({"type": "http.response.body", "body": b"", "more_body": False})


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
