"""Servers on loopback for the tests: the sandbox on a real socket."""

import asyncio
import contextlib
import socket
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from vidi.inference.models.registry import ModelRegistry
from vidi.sandbox.app import create_app, sandbox_environment, sandbox_of
from vidi.sandbox.faults import FaultPlan
from vidi.sandbox.serving.server import build_server
from vidi.sandbox.state import Sandbox


@dataclass(frozen=True)
class Served:
    """A sandbox that listens."""

    url: str
    sandbox: Sandbox

    @property
    def environment(self) -> dict[str, str]:
        """The settings that lead vidi to it."""
        return sandbox_environment(self.url)

    def count(self, method: str, ending: str) -> int:
        """How many requests of a method went to routes with this ending."""
        return sum(
            count
            for kind, count in self.sandbox.requests.items()
            if kind.method == method and kind.route.endswith(ending)
        )

    @property
    def requests(self) -> int:
        """How many requests of any kind there were."""
        return sum(self.sandbox.requests.values())

    @property
    def submits(self) -> int:
        """How many paid requests reached it."""
        replicate = self.count("POST", "/predictions")
        return replicate + sum(
            count
            for kind, count in self.sandbox.requests.items()
            if kind.method == "POST" and kind.service == "fal-queue"
        )


LISTS = {"replicate": 1, "fal": 2}
"""How many lists of requests each provider has: where the first tells nothing, so may the next."""


def unreadable_lists(provider: str, searches: int) -> dict[str, Any]:
    """A fault by which so many searches for a lost request find no list that can be read."""
    return {"on": "list", "fault": "500", "times": searches * LISTS[provider]}


@contextlib.contextmanager
def serve_sandbox(faults: Sequence[dict[str, Any]] = (), latency: float = 0.0) -> Iterator[Served]:
    """Serve a sandbox on a free port, in a thread of its own."""
    app = create_app(ModelRegistry(), latency=latency, faults=FaultPlan(faults))
    listener = socket.create_server(("127.0.0.1", 0))
    server = build_server(app)
    thread = threading.Thread(
        target=lambda: asyncio.run(server.serve(sockets=[listener])), daemon=True
    )
    thread.start()
    try:
        yield Served(f"http://127.0.0.1:{listener.getsockname()[1]}", sandbox_of(app))
    finally:
        server.should_exit = True
        thread.join(10)
        listener.close()
