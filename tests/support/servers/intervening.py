"""A world that goes wrong at a chosen moment: something happens just as a request arrives."""

import asyncio
import contextlib
import os
import socket
import threading
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path

from support.commands import Answer, Here
from support.ledgers import select
from support.servers.sandbox import Served
from vidi.inference.models.registry import ModelRegistry
from vidi.inference.tracking.ledger.connection import open_ledger
from vidi.inference.tracking.ledger.schema import usd_of
from vidi.sandbox.app import create_app, sandbox_of
from vidi.sandbox.serving.server import build_server

JOB = """\
version: 1
name: job
budget: 1.00
inferences:
  - id: tree
    model: replicate/black-forest-labs/flux-schnell
    params: {prompt: a tree}
    output: tree.webp
  - id: card
    model: fal/fal-ai/flux/dev
    params: {prompt: a card, image_size: square}
    output: card.jpg
"""
JOURNAL = Path("outputs/job/log.jsonl")

Action = Callable[[], object]


def name_moment(method: str, path: str) -> str:
    """What a request is for: submit, look, download, or "" for the rest."""
    if method == "POST":
        return "submit" if path.endswith("/predictions") or "/fal-queue/" in path else ""
    if "/files/" in path:
        return "download"
    return "look" if "/predictions/" in path or "/requests/" in path else ""


class World:
    """A folder with a job of two inferences, and a sandbox that stands for the real providers."""

    def __init__(self, here: Here, served: Served, moments: dict[str, Action]) -> None:
        self.here = here
        self.served = served
        self._moments = moments
        here.write("job.yaml", JOB)

    @property
    def journal(self) -> Path:
        return self.here.folder / JOURNAL

    @property
    def events(self) -> list[str]:
        """The kinds of the events in the journal."""
        lines = self.journal.read_text(encoding="utf-8").splitlines()
        return [line.partition('"event":"')[2].partition('"')[0] for line in lines]

    def at(self, moment: str, action: Action) -> None:
        """Do something once, when the next request of this kind comes and before it is answered."""
        self._moments[moment] = action

    def run(self, *options: object) -> Answer:
        return self.here("vidi-run", "job.yaml", "--no-report", *options)

    def request_of(self, prompt: str) -> str:
        """The provider's id of what was bought for a prompt."""
        works = self.served.sandbox.works.items()
        return next(key for key, work in works if work.input["prompt"] == prompt)

    def check_that_all_is_well(self, count: int = 2) -> None:
        """Run again: all is there, bought once each, and the ledger has what was billed."""
        answer = self.run()
        assert answer.exit_code == 0, answer.stderr
        self.check_books(count)
        verified = self.here("vidi", "verify", "outputs/job")
        assert verified.stderr == f"{count} of {count} assets are as they were made\n"

    def check_books(self, count: int) -> None:
        """Every inference was submitted once, and the ledger has what was billed."""
        assert self.served.submits == count
        assert read_sums() == (self.served.sandbox.billing.total, 0)


def read_sums() -> tuple[Decimal, Decimal]:
    """What the ledger says was spent, and is reserved, on all days."""
    sums = "SELECT sum(spent), sum(reserved) FROM vidi_periods WHERE kind = 'day'"
    with contextlib.closing(open_ledger(os.environ["VIDI_LEDGER"])) as ledger:
        ((spent, reserved),) = select(ledger, sums)
    return usd_of(spent), usd_of(reserved)


@contextlib.contextmanager
def serve_world(here: Here, latency: float = 0.0) -> Iterator[World]:
    """Serve the sandbox on loopback, and have things happen as requests arrive."""
    moments: dict[str, Action] = {}
    app = create_app(ModelRegistry(), latency=latency)

    async def eventful(scope, receive, send):
        action = moments.pop(name_moment(scope["method"], scope["path"]), None)
        if action is not None:
            await asyncio.to_thread(action)  # what it does may ask this very server
        await app(scope, receive, send)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = build_server(eventful)
        thread = threading.Thread(
            target=lambda: asyncio.run(server.serve(sockets=[listener])), daemon=True
        )
        thread.start()
        served = Served(f"http://127.0.0.1:{listener.getsockname()[1]}", sandbox_of(app))
        for name, value in served.environment.items():
            here._monkeypatch.setenv(name, value)
        try:
            yield World(here, served, moments)
        finally:
            server.should_exit = True
            thread.join(10)
