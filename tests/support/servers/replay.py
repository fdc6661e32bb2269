"""A server on loopback that stands for both providers and plays recorded courses."""

import asyncio
import io
import json
import os
import re
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any
from urllib.parse import parse_qs, urlsplit

from PIL import Image

from support.recorded.course import Course, Turn
from support.servers.loopback import Asked, Loopback, Reply
from vidi.sandbox.app import sandbox_environment
from vidi.sandbox.facts.base_prices import read_base_prices
from vidi.sandbox.facts.request_ids import make_request_id
from vidi.sandbox.media import make_media
from vidi.sandbox.media.order import MediaOrder

KINDS = (
    ("POST", r"/fal-queue/(?P<endpoint>.+)", "submit"),
    ("GET", r"/fal-queue/.+/requests/(?P<id>[^/]+)/status/stream", "stream"),
    ("GET", r"/fal-queue/.+/requests/(?P<id>[^/]+)/status", "status"),
    ("GET", r"/fal-queue/.+/requests/(?P<id>[^/]+)", "result"),
    ("PUT", r"/fal-queue/.+/requests/(?P<id>[^/]+)/cancel", "cancel"),
    ("GET", r"/fal-platform/v1/models/pricing", "pricing"),
    ("GET", r"/fal-platform/v1/models/requests/by-endpoint", "history"),
    ("GET", r"/fal-rest/requests/", "own list"),
    ("POST", r"/fal-rest/storage/auth/token", "token"),
    ("POST", r"/fal-rest/storage/upload/initiate", "initiate"),
    ("POST", r"/fal-cdn/files/upload", "upload"),
    ("POST", r"/replicate/v1/predictions", "create"),
    ("POST", r"/replicate/v1/models/(?P<endpoint>[^/]+/[^/]+)/predictions", "create"),
    ("GET", r"/replicate/v1/predictions/(?P<id>[^/]+)", "get"),
    ("POST", r"/replicate/v1/predictions/(?P<id>[^/]+)/cancel", "cancel"),
    ("GET", r"/replicate/v1/predictions", "list"),
    ("GET", r"/fal-platform/v1/models", "models"),
    ("GET", r"/replicate/v1/models/(?P<endpoint>[^/]+/[^/]+)", "model"),
    ("POST", r"/replicate/v1/files", "upload"),
    ("GET", r"/media/(?P<id>.+)", "media"),
)
"""Every request that a course may name, and by which word."""
FORMATS = {"jpg": "image", "png": "image", "webp": "image", "svg": "image", "mp4": "video",
           "mp3": "audio", "glb": "3d", "obj": "3d"}  # fmt: skip
NOTHING: dict[str, Reply] = {
    "history": Reply(200, {"items": [], "next_cursor": None, "has_more": False}),
    "own list": Reply(200, {"items": [], "total": None, "page": 1, "size": 100, "pages": None}),
    "list": Reply(200, {"previous": None, "next": None, "results": []}),
    "model": Reply(404, {"detail": "The requested resource could not be found.", "status": 404}),
    "token": Reply(200, {"token": "upload-token", "token_type": "Bearer",
                         "base_url": "{cdn}", "expires_at": "2099-01-01T00:00:00Z"}),
}  # fmt: skip
"""What is answered where a course says nothing."""


@dataclass
class Play:
    """One course on its way."""

    course: Course
    attempts: int = 0
    last_id: str = ""
    """The id of the last request that was taken, whether or not it was told."""
    seen: Counter[str] = field(default_factory=Counter)

    def turn(self, kind: str, attempt: int) -> Turn | None:
        """The next answer to this kind of request."""
        own = f"{kind}@{attempt}"
        key = own if own in self.course.turns else kind
        turns = self.course.turns.get(key, ())
        self.seen[key] += 1
        return turns[min(self.seen[key], len(turns)) - 1] if turns else None


class Replay:
    """Answers by the courses that were put there last."""

    def __init__(self) -> None:
        self.plays: list[Play] = []
        self.unforeseen: list[str] = []
        """Requests to which no course has an answer."""
        self.url = ""
        self.models: dict[str, Any] = {}
        """What fal's list of models shows."""
        self._ids: dict[str, tuple[Play, int]] = {}
        self._server = Loopback(answer=self._answer)

    @contextmanager
    def serving(self) -> Iterator["Replay"]:
        """Serve in a thread of its own."""
        loop = asyncio.new_event_loop()
        thread = threading.Thread(target=loop.run_forever, daemon=True)
        thread.start()
        asyncio.run_coroutine_threadsafe(self._server.start(), loop).result(10)
        self.url = self._server.url
        try:
            yield self
        finally:
            asyncio.run_coroutine_threadsafe(self._server.__aexit__(), loop).result(10)
            loop.call_soon_threadsafe(loop.stop)
            thread.join(10)
            loop.close()

    def show(self, courses: Sequence[Course]) -> None:
        """Play these courses from their beginnings."""
        self.plays = [Play(course) for course in courses]
        self.unforeseen.clear()
        self._ids.clear()

    def environment(self) -> dict[str, str]:
        """The settings that lead the command here."""
        return sandbox_environment(self.url)

    def posts(self, name: str) -> int:
        """How many paid requests there were for a course."""
        return next(play.attempts for play in self.plays if play.course.name == name)

    def _answer(self, asked: Asked) -> Turn:
        path = urlsplit(asked.path).path
        for method, pattern, kind in KINDS:
            match = re.fullmatch(pattern, path)
            if match and asked.method == method:
                named = match.groupdict()
                return self._reply(kind, asked, named.get("id"), named.get("endpoint"))
        self.unforeseen.append(f"{asked.method} {path}")
        return Reply(404, {"detail": "not played"})

    def _reply(self, kind: str, asked: Asked, id_: str | None, endpoint: str | None) -> Turn:
        if kind == "media":
            return make_file(str(id_))
        play, attempt = self._find(kind, asked, id_, endpoint)
        if play is None:
            return self._aside(kind, asked)
        if kind in {"submit", "create"}:
            play.attempts += 1
            attempt = play.attempts
            id_ = self._register(play, attempt)
        if kind == "stream" and "stream" not in play.course.turns:
            return self._fill(_as_events(play, attempt), str(id_))
        turn = play.turn(kind, attempt)
        return self._aside(kind, asked) if turn is None else self._fill(turn, id_ or play.last_id)

    def _find(
        self, kind: str, asked: Asked, id_: str | None, endpoint: str | None
    ) -> tuple[Play | None, int]:
        if id_ is not None:
            return self._ids.get(id_, (None, 0))
        if kind in {"history", "pricing"}:
            named = parse_qs(urlsplit(asked.path).query).get("endpoint_id", [])
            endpoint = named[0] if len(named) == 1 else "several"
        alone = self.plays[0] if len(self.plays) == 1 else None
        if kind not in {"submit", "create", "history", "model"}:
            return alone, 1
        body = asked.json() if asked.method == "POST" else {}
        given = body.get("input", body) if isinstance(body, dict) else {}
        words = str(given.get("prompt") or given.get("text") or "")
        fitting = (
            play for play in self.plays
            if endpoint in {None, play.course.endpoint}
            and (kind in {"history", "model"} or play.course.words == words)
        )  # fmt: skip
        return next(fitting, alone), 1

    def _register(self, play: Play, attempt: int) -> str:
        fal = play.course.model.startswith("fal/")
        number = sum(each.attempts for each in self.plays)
        new = make_request_id(time.time()) if fal else f"prediction{number:016d}"
        self._ids[new] = play, attempt
        play.last_id = new
        return new

    def _aside(self, kind: str, asked: Asked) -> Reply:
        if kind == "pricing":
            named = parse_qs(urlsplit(asked.path).query).get("endpoint_id", [])
            return Reply(200, {"prices": [each for name in named for each in self._price(name)],
                               "next_cursor": None, "has_more": False})  # fmt: skip
        if kind == "upload":
            address = f"{self.url}/media/input.jpg"
            return Reply(200, {"access_url": address, "id": "FILE", "urls": {"get": address}})
        if kind == "models":
            return Reply(200, {"models": [self.models], "next_cursor": None, "has_more": False})
        if kind in NOTHING:
            filled = self._fill(NOTHING[kind], "")
            assert isinstance(filled, Reply)
            return filled
        self.unforeseen.append(f"{kind}: {asked.method} {asked.path}")
        return Reply(404, {"detail": "not played"})

    def _price(self, name: str) -> list[dict[str, Any]]:
        own = next((play.course.base for play in self.plays
                    if play.course.endpoint == name and play.course.base), None)  # fmt: skip
        known = read_base_prices().get(name)
        if own is None and known is None:
            return []
        usd, unit = own or (known["usd"], known["unit"])
        return [{"endpoint_id": name, "unit_price": float(usd), "unit": unit, "currency": "USD"}]

    def _fill(self, turn: Turn, id_: str) -> Turn:
        """The answer with the id and the addresses of this play."""
        if isinstance(turn, str):
            return turn
        plain = isinstance(turn.body, bytes)
        text = turn.body.decode() if plain else json.dumps(turn.body)
        now = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        media, cdn = f"{self.url}/media", f"{self.url}/fal-cdn"
        for name, value in (("id", id_), ("media", media), ("cdn", cdn), ("now", now)):
            text = text.replace(f"{{{name}}}", value)
        headers = {name: value.replace("{id}", id_) for name, value in turn.headers.items()}
        kind = {} if plain else {"Content-Type": "application/json"}
        return replace(turn, body=text.encode(), headers={**kind, **headers})


def _as_events(play: Play, attempt: int) -> Reply:
    """The course's statuses as a stream of events, all at once."""
    own = f"status@{attempt}"
    key = own if own in play.course.turns else "status"
    statuses = play.course.turns[key]
    play.seen[key] = len(statuses) - 1
    lines = [f"data: {json.dumps(each.body)}\n\n" for each in statuses if isinstance(each, Reply)]
    return Reply(200, "".join(lines).encode(), {"Content-Type": "text/event-stream"})


@lru_cache(maxsize=64)
def make_file(name: str) -> Reply:
    """A small file of the kind that its name says."""
    ending = name.rpartition(".")[2]
    if ending not in FORMATS:
        return Reply(200, b"bytes of some file", {"Content-Type": "application/octet-stream"})
    order = MediaOrder(
        FORMATS[ending], ending, "recorded", name, width=64, height=64, duration_s=1.0
    )
    made = make_media(order)
    return Reply(200, made.data, {"Content-Type": made.content_type, "Accept-Ranges": "bytes"})


def make_noise() -> bytes:
    """A picture too large for a data URI."""
    file = io.BytesIO()
    Image.frombytes("RGB", (400, 400), os.urandom(3 * 400 * 400)).save(file, "PNG")
    return file.getvalue()
