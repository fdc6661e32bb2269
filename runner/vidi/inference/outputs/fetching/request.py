"""Asking for a file: which credentials go where, and following redirects with neither."""

from __future__ import annotations

from contextlib import asynccontextmanager
from functools import lru_cache
from typing import TYPE_CHECKING

import httpx

from vidi.errors import DownloadError
from vidi.inference.outputs.fetching.address import check_host, check_scheme
from vidi.version import __version__

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

    from vidi.inference.outputs.limits import Limits
    from vidi.inference.settings import Settings

_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_HEADERS = {"User-Agent": f"vidi/{__version__}", "Accept": "*/*", "Accept-Encoding": "identity"}


def shown(url: str) -> str:
    """A URL as messages have it: without its query, which may hold a signature."""
    return str(httpx.URL(url).copy_with(query=None, fragment=None, userinfo=b""))


def credentials(asked: httpx.URL, settings: Settings) -> dict[str, str]:
    """The header that Replicate's own files want; nothing for any other address."""
    base = _parse_setting(settings.urls["VIDI_REPLICATE_URL"])
    same = (base.scheme, base.host, _port(base)) == (asked.scheme, asked.host, _port(asked))
    key = settings.keys.get("replicate")
    if not key or not same or not asked.path.startswith(f"{base.path.rstrip('/')}/"):
        return {}
    return {"Authorization": f"Bearer {key}"}


@lru_cache(maxsize=8)
def _parse_setting(url: str) -> httpx.URL:
    return httpx.URL(url)


def _port(url: httpx.URL) -> int | None:
    return url.port or {"http": 80, "https": 443}.get(url.scheme)


@asynccontextmanager
async def open_answer(
    wire: httpx.AsyncBaseTransport,
    url: str,
    headers: Mapping[str, str],
    settings: Settings,
    limits: Limits,
) -> AsyncIterator[httpx.Response]:
    """Ask for a URL and follow its redirects, every hop checked, none of them with credentials.

    Raises:
        DownloadError: A hop leads where downloads may not go, or there are too many.
        httpx.TransportError: The wire failed.
    """
    asked = _check(url, settings)
    secret = credentials(asked, settings)
    for _ in range(limits.max_redirects + 1):
        answer = await _ask(wire, asked, {**_HEADERS, **headers, **secret}, limits)
        try:
            if answer.status_code not in _REDIRECTS:
                yield answer
                return
            asked, secret = _check(_next_hop(answer), settings), {}
        finally:
            await answer.aclose()
    raise DownloadError(f"more than {limits.max_redirects} redirects from {shown(url)}")


async def _ask(
    wire: httpx.AsyncBaseTransport, url: httpx.URL, headers: Mapping[str, str], limits: Limits
) -> httpx.Response:
    """Send one request over the bare wire: a client would add cookies and read the environment."""
    wait = httpx.Timeout(limits.read_s, connect=limits.connect_s)
    request = httpx.Request("GET", url, headers=headers, extensions={"timeout": wait.as_dict()})
    answer = await wire.handle_async_request(request)
    answer.request = request
    return answer


def _check(url: str, settings: Settings) -> httpx.URL:
    """A URL as the wire will read it, checked."""
    try:
        parsed = httpx.URL(url)
        _ = parsed.host  # decodes Punycode, and stumbles over `xn--a`
    except (httpx.InvalidURL, UnicodeError) as error:
        raise DownloadError(f"the output's URL cannot be used: {error}") from error
    check_scheme(parsed.scheme)
    check_host(parsed.raw_host.decode("ascii"), loopback_allowed=settings.loopback_allowed)
    return parsed


def _next_hop(answer: httpx.Response) -> str:
    location = answer.headers.get("location", "")
    if not location:
        raise DownloadError(f"{shown(str(answer.url))} redirects to nowhere")
    try:
        return str(answer.url.join(location))
    except (httpx.InvalidURL, UnicodeError) as error:
        raise DownloadError(f"{shown(str(answer.url))} redirects wrongly: {error}") from error
