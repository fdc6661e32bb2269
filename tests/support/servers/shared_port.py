"""One port behind which sandbox after sandbox stands: starting a server for each takes too long."""

import asyncio
import signal
import socket
import threading
import time
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from typing import Any

from vidi.inference.models.registry import ModelRegistry
from vidi.sandbox.app import create_app, sandbox_of
from vidi.sandbox.faults import FaultPlan
from vidi.sandbox.serving.server import build_server
from vidi.sandbox.state import Sandbox


class Stage:
    """Serves the sandbox that was put there last."""

    def __init__(self) -> None:
        self.broken: list[Exception] = []
        """What went wrong in a sandbox, and was not meant to."""
        self._registry = ModelRegistry()
        self._app: Any = None
        self._closing = False
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self._server = build_server(self)
        self._loop = asyncio.new_event_loop()

    @contextmanager
    def serving(self) -> Iterator["Stage"]:
        """Serve, in a thread of its own."""
        thread = threading.Thread(target=self._serve, daemon=True)
        thread.start()
        while not self._server.started:
            time.sleep(0.01)
        try:
            yield self
        finally:
            self._server.should_exit = True
            thread.join(10)
            self._listener.close()

    def show(self, faults: FaultPlan, *, latency: float, closing: bool) -> Sandbox:
        """Put a new sandbox there.

        Args:
            faults: What goes wrong in it.
            latency: Seconds that an inference takes.
            closing: Whether each answer ends its connection.
        """
        self._app = create_app(self._registry, latency=latency, faults=faults)
        self._closing = closing
        return sandbox_of(self._app)

    def run(self, work: Coroutine[Any, Any, None]) -> None:
        """Do something on the loop of the server, and wait for it."""
        asyncio.run_coroutine_threadsafe(work, self._loop).result(10)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        async def send_on(message: Any) -> None:
            if self._closing and message["type"] == "http.response.start":
                message = {**message, "headers": [*message["headers"], (b"connection", b"close")]}
            await send(message)

        try:
            await self._app(scope, receive, send_on)
        except Exception as error:
            self.broken.append(error)
            raise

    def _serve(self) -> None:
        # A signal is seen to be pending only by who blocks it; `Script` must know that it arrived.
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        self._loop.run_until_complete(self._server.serve(sockets=[self._listener]))
        self._loop.run_until_complete(self._loop.shutdown_asyncgens())
        self._loop.close()
