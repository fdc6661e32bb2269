"""The sandbox on a socket, in a process of its own, and what it has seen.

    python bench/served.py LATENCY [pictures]

With `pictures`, its images are as hard to pack, and so to check, as a photograph.

Besides the two providers it answers `/_bench/ends`: when it ended each inference.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
import subprocess
import sys
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.request import urlopen

if TYPE_CHECKING:
    from collections.abc import Iterator

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "runner"))


@dataclass(frozen=True)
class Served:
    """A sandbox that listens in another process."""

    url: str
    latency: float
    """Seconds that each inference takes."""

    @property
    def environment(self) -> dict[str, str]:
        """The settings that lead vidi to it."""
        from vidi.sandbox.serving.addresses import sandbox_environment

        return sandbox_environment(self.url)

    def count_requests(self) -> int:
        """How many requests the providers' APIs and file hosts have had so far."""
        return sum(each["count"] for each in self._ask("/_sandbox/requests")["requests"])

    def read_ends(self) -> dict[str, float]:
        """Request id to when it ended, in seconds since the epoch."""
        return self._ask("/_bench/ends")

    def _ask(self, path: str) -> dict:
        with urlopen(self.url + path) as answer:
            return json.load(answer)


@contextlib.contextmanager
def serve(latency: float, *, pictures: bool = False) -> Iterator[Served]:
    """Serve a sandbox whose inferences take so long."""
    server = subprocess.Popen(
        [sys.executable, __file__, str(latency), *(["pictures"] if pictures else [])],
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        yield Served(server.stdout.readline().strip(), latency)
    finally:
        server.terminate()
        server.wait()


def draw_photographs() -> None:
    """Have the sandbox's pictures be noise over three colours: PNG packs them to two thirds."""
    from PIL import Image

    from vidi.sandbox.media import image

    @cache
    def draw(size: tuple[int, int]) -> Image.Image:
        return Image.merge("RGB", [Image.effect_noise(size, strength) for strength in (20, 30, 40)])

    image.draw_picture = lambda order: draw((order.width, order.height))


def main() -> None:
    """Serve until terminated; the address is the first line that is printed."""
    from starlette.responses import JSONResponse
    from starlette.routing import Route

    from vidi.inference.models.registry import ModelRegistry
    from vidi.sandbox.app import create_app, sandbox_of
    from vidi.sandbox.serving.server import build_server

    if "pictures" in sys.argv[2:]:
        draw_photographs()
    app = create_app(ModelRegistry(), latency=float(sys.argv[1]))

    async def ends(_request: object) -> JSONResponse:
        works = sandbox_of(app).works.values()
        return JSONResponse({work.id: work.end()[0] for work in works})

    app.router.routes.append(Route("/_bench/ends", ends))
    listener = socket.create_server(("127.0.0.1", 0), backlog=1024)
    print(f"http://127.0.0.1:{listener.getsockname()[1]}", flush=True)
    asyncio.run(build_server(app).serve(sockets=[listener]))


if __name__ == "__main__":
    main()
