"""The sandbox on a socket, with answers of our own choice in the place of some of its."""

import asyncio
import contextlib
import json
import socket
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace

import pytest

from support.commands import Answer, Here
from support.servers.sandbox import Served
from vidi.inference.models.registry import ModelRegistry
from vidi.sandbox.app import create_app, sandbox_of
from vidi.sandbox.faults import FaultPlan
from vidi.sandbox.serving.server import build_server

MODELS = {"replicate": "replicate/black-forest-labs/flux-schnell", "fal": "fal/fal-ai/flux/dev"}
ID = {"replicate": "id", "fal": "request_id"}
"""The field of a receipt, or of an item of a list, that holds the id."""
LOST = {"on": "submit", "fault": "reset-after"}
NEVER_ARRIVED = {"on": "submit", "fault": "reset"}
providers = pytest.mark.parametrize("provider", ["replicate", "fal"])


@dataclass(frozen=True)
class Exchange:
    """One request, and the answer that the sandbox gave to it."""

    method: str
    path: str
    query: str
    status: int
    body: bytes
    headers: dict[str, str] = field(default_factory=dict)
    """Of the answer, by lower-case name."""
    asked: dict[str, str] = field(default_factory=dict)
    """The headers of the request, by lower-case name."""

    @property
    def is_receipt(self) -> bool:
        return self.method == "POST" and self.status < 300

    @property
    def is_result(self) -> bool:
        """Whether it is a prediction that succeeded, or fal's result."""
        if self.method != "GET" or self.status != 200:
            return False
        is_fal = "/requests/" in self.path and not self.path.endswith(("/status", "/stream"))
        return is_fal or b'"succeeded"' in self.body

    @property
    def is_list(self) -> bool:
        lists = ("/v1/predictions", "/by-endpoint", "/fal-rest/requests/")
        return self.path.endswith(lists) and self.method == "GET"

    @property
    def is_download(self) -> bool:
        return "/files/" in self.path and self.method == "GET"

    def saying(self, body: object) -> "Exchange":
        """The same with another body: bytes, or a value to be sent as JSON."""
        return replace(self, body=body if isinstance(body, bytes) else json.dumps(body).encode())

    def with_fields(self, **fields: object) -> "Exchange":
        """The same with other values in the JSON object that is its body."""
        return self.saying({**json.loads(self.body), **fields})


Alter = Callable[[Exchange], Exchange]


@contextlib.contextmanager
def serve_altered(here: Here, alter: Alter, *faults: dict) -> Iterator[Served]:
    """Serve the sandbox on loopback; each whole answer goes through `alter` first."""
    app = create_app(ModelRegistry(), latency=0.0, faults=FaultPlan(faults))

    async def altered(scope, receive, send):
        kept: list[dict] = []

        async def keep(message):
            if message["type"] == "http.response.start" or kept:
                kept.append(message)
            if message["type"] == "http.response.body" and not message.get("more_body"):
                for each in _alter(scope, kept, alter):
                    await send(each)

        await app(scope, receive, keep)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = build_server(altered)
        thread = threading.Thread(
            target=lambda: asyncio.run(server.serve(sockets=[listener])), daemon=True
        )
        thread.start()
        served = Served(f"http://127.0.0.1:{listener.getsockname()[1]}", sandbox_of(app))
        for name, value in served.environment.items():
            here._monkeypatch.setenv(name, value)
        try:
            yield served
        finally:
            server.should_exit = True
            thread.join(10)


def _alter(scope, kept, alter):
    head, *bodies = kept
    headers = {name.decode().lower(): value.decode() for name, value in head["headers"]}
    query = scope["query_string"].decode()
    body = b"".join(each.get("body", b"") for each in bodies)
    asked = {name.decode().lower(): value.decode() for name, value in scope["headers"]}
    given = Exchange(scope["method"], scope["path"], query, head["status"], body, headers, asked)
    answer = alter(given)
    lines = {name: value for name, value in answer.headers.items() if name != "content-length"}
    if "connection" not in lines:
        lines["content-length"] = str(len(answer.body))
    encoded = [(name.encode(), value.encode()) for name, value in lines.items()]
    yield {"type": "http.response.start", "status": answer.status, "headers": encoded}
    yield {"type": "http.response.body", "body": answer.body}


def write_job(here: Here, provider: str, *ids: str) -> None:
    """One inference for each id; the prompt is the id."""
    entries = "".join(f"  - {{id: {each}, params: {{prompt: {each}}}}}\n" for each in ids)
    here.write(
        "job.yaml",
        f"version: 1\nname: job\nbudget: 1\ndefaults: {{model: {MODELS[provider]}, "
        f'output: "{{{{ id }}}}"}}\ninferences:\n{entries}',
    )


def run(here: Here, *options: object) -> Answer:
    return here("vidi-run", "job.yaml", "--json", "--no-report", *options)
