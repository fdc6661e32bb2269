"""The sandbox on a port, for `vidi sandbox`. Imports uvicorn, so import it late."""

from __future__ import annotations

import socket
import struct
from functools import partial
from typing import TYPE_CHECKING

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from vidi.sandbox.serving.wire import HANG_UP

if TYPE_CHECKING:
    import asyncio

    from starlette.applications import Starlette
    from uvicorn._types import ASGIReceiveCallable, ASGISendCallable, Scope


class AbortableProtocol(H11Protocol):
    """HTTP/1.1 whose ASGI scope carries a way to end the connection, as `wire.py` needs it."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn's own
        """Put the way to end it into the scope of every request that comes over this connection."""
        super().connection_made(transport)
        # asyncio leaves this out for a listener made by `socket.create_server`, and an answer in
        # two pieces then waits 40 ms for the client's delayed acknowledgement.
        wire = transport.get_extra_info("socket")
        wire.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        app = self.app

        async def abortable(
            scope: Scope, receive: ASGIReceiveCallable, send: ASGISendCallable
        ) -> None:
            await app({**scope, HANG_UP: partial(_hang_up, transport)}, receive, send)

        self.app = abortable


def _hang_up(transport: asyncio.Transport, *, reset: bool) -> None:
    """End a connection; with `reset`, by RST instead of FIN."""
    if reset:
        wire = transport.get_extra_info("socket")
        wire.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    transport.abort()


KEEPALIVE_S = 75
"""As nginx grants; longer than a client of ours keeps a connection. With uvicorn's 5 s, one that
was starved for so long sent a purchase where nobody listened any more, and it was in doubt."""


def build_server(app: Starlette, *, host: str = "127.0.0.1", port: int = 0) -> uvicorn.Server:
    """A server that is not running yet; port 0 takes a free one."""
    config = uvicorn.Config(
        app,
        host=host,
        port=port,
        http=AbortableProtocol,
        ws="none",
        lifespan="off",
        log_level="warning",
        access_log=False,
        timeout_graceful_shutdown=1,
        timeout_keep_alive=KEEPALIVE_S,
    )
    return uvicorn.Server(config)
