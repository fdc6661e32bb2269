"""URLs from answers: shown without secrets, sent to nobody but the open internet."""

import ipaddress
import socket
from collections.abc import Coroutine
from random import Random

import httpx

from fuzz.inputs import any_text, edited
from fuzz.target import Target
from vidi.errors import VidiError
from vidi.inference.models.params.addresses import hide_url_secrets
from vidi.inference.outputs.fetching.request import open_answer, shown
from vidi.inference.outputs.finding.find import name_of
from vidi.inference.outputs.finding.inline import decode_data_uri
from vidi.inference.outputs.limits import Limits
from vidi.inference.providers.transport.routes import Routes
from vidi.inference.providers.web_address import is_web_address
from vidi.inference.settings import Settings

SETTINGS = Settings(keys={"replicate": "r8_SENTINEL", "fal": "key:SENTINEL"})
HOSTS = (
    "replicate.delivery", "fal.media", "127.0.0.1", "127.1", "0x7f000001", "2130706433",
    "0177.0.0.1",
    "[::1]", "[::ffff:127.0.0.1]", "[64:ff9b::7f00:1]", "10.0.0.1", "169.254.169.254", "localhost",
    "localhost.", "LOCALHOST", "fec0::1", "[fec0::1]", "192.0.0.200", "user:pw@fal.media", "xn--a",
    "ａ.test", "[fe80::1%25eth0]", "fal.media:99999", "fal.media:", "api.replicate.com",
    "queue.fal.run",
    "1.1.1.1", "0", "0.0.0.0", "[::]", "224.0.0.1", "\u3002", "a..b", "-", "[", "]",
    "%31%32%37.0.0.1",
)  # fmt: skip
SCHEMES = ("https", "http", "HTTPS", "file", "ftp", "data", "javascript", "", "https+x", "ws")
PATHS = (
    "/a.png",
    "/v1/files/x",
    "",
    "/../a",
    "/%2e%2e/a",
    "/a?token=SECRET",
    "/a#b",
    "/\u202ea",
    "//x",
)
SAMPLES = edited([
    b"https://fal.media/a.png?X-Amz-Signature=a", b"https://u:p@fal.media/x", b"data:,",
    b"data:image/png;base64,iVBORw0KGgo=", b"data:text/plain,a%20b", b"http://127.0.0.1/x",
])  # fmt: skip


def make(chance: Random) -> bytes:
    if not chance.randrange(3):
        return SAMPLES(chance)
    host = chance.choice(HOSTS) if chance.randrange(5) else any_text(chance)
    path = chance.choice(PATHS) if chance.randrange(5) else any_text(chance)
    between = chance.choice(("://", "://", ":", "//", ""))
    return f"{chance.choice(SCHEMES)}{between}{host}{path}".encode(errors="replace")


class _Wire(httpx.AsyncBaseTransport):
    """Keeps what was sent, and answers with nothing."""

    def __init__(self) -> None:
        self.sent: list[httpx.Request] = []

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.sent.append(request)
        return httpx.Response(200, content=b"x")


def check(data: bytes) -> str:
    text = data.decode(errors="replace")
    hide_url_secrets(text)
    name_of(text)
    steps = [
        lambda: decode_data_uri(text, Limits()),
        lambda: _drive(_fetch(text)),
    ]
    if is_web_address(text):
        steps += [lambda: _resolve("replicate", text), lambda: _resolve("fal", text)]
    return " ".join(map(_end, steps))


def _drive(coroutine: Coroutine[object, None, None]) -> None:
    """Run what waits for nothing, as the wire is no wire."""
    try:
        coroutine.send(None)
    except StopIteration:
        return
    raise AssertionError("it waited")


def _end(step) -> str:
    try:
        step()
    except VidiError as error:
        return type(error).__name__
    return "ok"


async def _fetch(url: str) -> None:
    wire = _Wire()
    async with open_answer(wire, url, {}, SETTINGS, Limits()) as answer:
        shown(str(answer.url))
    for request in wire.sent:
        host = request.url.raw_host.decode()
        assert request.url.scheme in {"http", "https"}, request.url
        assert _is_public(host), host
        keyed = "authorization" in request.headers
        assert not keyed or host == "api.replicate.com", host


def _is_public(host: str) -> bool:
    """Whether a host is not an address of a private network, as the system itself reads it."""
    try:
        return ipaddress.ip_address(host.strip("[]").partition("%")[0]).is_global
    except ValueError:
        pass
    try:
        return ipaddress.IPv4Address(socket.inet_aton(host)).is_global
    except (OSError, UnicodeError, ValueError):
        return host.rstrip(".").lower() != "localhost"


def _resolve(provider: str, url: str) -> None:
    target = Routes(provider, SETTINGS).resolve("GET", url)
    host = (httpx.URL(target.url).host or "").lower()
    assert not target.trusted or host.endswith((".replicate.com", "fal.run", "fal.ai", "fal.media"))


TARGET = Target(make, check)
