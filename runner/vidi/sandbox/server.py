"""The sandbox on a port, for `vidi sandbox`. Imports uvicorn, so import it late."""

from __future__ import annotations

from typing import TYPE_CHECKING

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

if TYPE_CHECKING:
    import asyncio

    from starlette.applications import Starlette
    from uvicorn._types import ASGIReceiveCallable, ASGISendCallable, Scope


class AbortableProtocol(H11Protocol):
    """HTTP/1.1 whose ASGI scope carries `vidi.abort`, which resets the connection."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn's own
        """Put the connection's `abort` into the scope of every request that comes over it."""
        super().connection_made(transport)
        app = self.app

        async def abortable(
            scope: Scope, receive: ASGIReceiveCallable, send: ASGISendCallable
        ) -> None:
            await app({**scope, "vidi.abort": transport.abort}, receive, send)

        self.app = abortable


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
    )
    return uvicorn.Server(config)


def serve(app: Starlette, *, host: str = "127.0.0.1", port: int = 8000) -> None:
    """Serve the sandbox until it is interrupted."""
    build_server(app, host=host, port=port).run()
