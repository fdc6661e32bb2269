"""The real wire: httpx's transport interface over aiohttp, with limits, proxies and certificates.

Heavy: imports aiohttp and httpx. aiohttp's own `trust_env` stays off: it would look into `~/.netrc`
for every request, and ask a thread for the proxy each time.
"""

from __future__ import annotations

import base64
import functools
import os
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit
from urllib.request import getproxies_environment, proxy_bypass

import aiohttp
import httpx
from httpx_aiohttp import AiohttpTransport

from vidi.errors import SettingError
from vidi.file_kinds import check_regular
from vidi.inference.providers.transport.sent_evidence import EVIDENCE

if TYPE_CHECKING:
    import ssl
    from collections.abc import Mapping
    from types import SimpleNamespace

MOST_CONNECTIONS = 1024
KEEPALIVE_S = 10.0
"""Shorter than what servers usually grant, so that a POST seldom meets a connection just closed."""


class Wire(httpx.AsyncBaseTransport):
    """One pool of connections, direct and through the proxies that the environment names.

    Belongs to the event loop that first uses it.
    """

    def __init__(self, certificates: ssl.SSLContext, proxies: Mapping[str, str]) -> None:
        self._certificates = certificates
        self._proxies = proxies
        self._session: aiohttp.ClientSession | None = None
        self._transports: dict[str, AiohttpTransport] = {}

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send one request, directly or through its proxy."""
        proxy = self._proxy_for(request.url)
        if proxy not in self._transports:
            self._transports[proxy] = AiohttpTransport(
                verify=self._certificates,
                client=self._open_session(),
                proxy=_read_proxy(proxy) if proxy else None,
            )
        return await self._transports[proxy].handle_async_request(request)

    async def aclose(self) -> None:
        """Close every connection."""
        if self._session is not None:
            await self._session.close()

    def _proxy_for(self, url: httpx.URL) -> str:
        proxy = self._proxies.get(url.scheme) or self._proxies.get("all") or ""
        return "" if proxy and proxy_bypass(url.netloc.decode()) else proxy

    def _open_session(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(
                    ssl=self._certificates, limit=MOST_CONNECTIONS, keepalive_timeout=KEEPALIVE_S
                ),
                cookie_jar=aiohttp.DummyCookieJar(),
                trace_configs=[_watch()],
            )
        return self._session


def open_wire() -> Wire:
    """Open the wire as `SSL_CERT_FILE`, `HTTPS_PROXY`, `HTTP_PROXY` and `NO_PROXY` say.

    Raises:
        SettingError: The certificate file cannot be read, or a proxy is not an HTTP proxy.
    """
    named = os.environ.get("SSL_CERT_FILE"), os.environ.get("SSL_CERT_DIR")
    return Wire(_trusted_certificates(*named), _environment_proxies())


@functools.cache
def _trusted_certificates(file: str | None, folder: str | None) -> ssl.SSLContext:  # noqa: ARG001  # httpx reads both itself
    # Reading the bundle takes 26 ms, and a run opens a wire to ask for prices and one to buy.
    try:
        if file:
            check_regular(Path(file))
        return httpx.create_ssl_context()
    except OSError as error:
        raise SettingError(
            f"the certificates that SSL_CERT_FILE or SSL_CERT_DIR names cannot be read: {error}",
            hint="Point SSL_CERT_FILE at a PEM file, or unset it.",
        ) from error


def _environment_proxies() -> dict[str, str]:
    proxies = getproxies_environment()
    for name in ("http", "https", "all"):
        proxy = proxies.get(name, "")
        if proxy and "://" not in proxy:
            proxies[name] = f"http://{proxy}"
        elif proxy and urlsplit(proxy).scheme not in {"http", "https"}:
            raise SettingError(
                f"{name.upper()}_PROXY is not an HTTP proxy",
                hint=f"Set {name.upper()}_PROXY to http://host:port, or unset it.",
            )
    return proxies


def _read_proxy(url: str) -> httpx.Proxy:
    """Take the password out of a proxy's URL.

    As a header for the proxy, since `httpx-aiohttp` 0.2.0 would hand it to aiohttp in a form that
    aiohttp 3.14 deprecates. aiohttp renames the header to Proxy-Authorization.
    """
    proxy = httpx.Proxy(url)
    if proxy.auth is None:
        return proxy
    basic = base64.b64encode(":".join(proxy.auth).encode()).decode()
    return httpx.Proxy(proxy.url, headers={"Authorization": f"Basic {basic}"})


def _watch() -> aiohttp.TraceConfig:
    """Report to the request's evidence. A connection that was not given has sent nothing."""
    trace = aiohttp.TraceConfig()
    trace.on_request_start.append(_note_start)
    trace.on_connection_create_end.append(_note_connection)
    trace.on_connection_reuseconn.append(_note_connection)
    return trace


async def _note_start(
    _session: aiohttp.ClientSession,
    _context: SimpleNamespace,
    _params: aiohttp.TraceRequestStartParams,
) -> None:
    evidence = EVIDENCE.get()
    if evidence is not None:
        evidence.present = True


async def _note_connection(
    _session: aiohttp.ClientSession,
    _context: SimpleNamespace,
    _params: aiohttp.TraceConnectionCreateEndParams | aiohttp.TraceConnectionReuseconnParams,
) -> None:
    evidence = EVIDENCE.get()
    if evidence is not None:
        evidence.connected = True
