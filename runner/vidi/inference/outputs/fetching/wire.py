"""The real wire under the downloads. Heavy: imports aiohttp and httpx.

aiohttp carries the bytes (a few large reads, no copying layers), behind httpx's transport interface
so that a program can put its own wire in its place. A name is resolved here, every address of it is
checked, and the connection goes to the addresses that were checked.
"""

from __future__ import annotations

import contextlib
import socket
from base64 import b64encode
from ipaddress import ip_address
from typing import TYPE_CHECKING
from urllib.request import getproxies, proxy_bypass

import aiohttp
import httpx
from aiohttp.abc import AbstractResolver, ResolveResult
from yarl import URL

from vidi.errors import DownloadError
from vidi.inference.outputs.fetching.address import check_address, check_host
from vidi.inference.settings import is_loopback

if TYPE_CHECKING:
    import ssl
    from collections.abc import AsyncIterator, Iterator

KEEPALIVE_S = 5.0
"""The next file of a wave has come by then; each idle connection is an open file."""
_READ_BYTES = 512 * 1024
"""How much aiohttp may hold of one answer before it stops reading from the socket."""


class CheckedResolver(AbstractResolver):
    """Resolves names, and refuses those that lead to a private address."""

    def __init__(self, *, loopback_allowed: bool) -> None:
        self._loopback_allowed = loopback_allowed
        self._names = aiohttp.ThreadedResolver()

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        """Every address of a name, all of them checked.

        Raises:
            DownloadError: One of them is not on the open internet.
            OSError: The name has no address.
        """
        name = "localhost" if host.lower().endswith(".localhost") else host  # RFC 6761
        found = await self._names.resolve(name, port, family)
        for address in found:
            plain = ip_address(address["host"].partition("%")[0])
            check_address(plain, host, loopback_allowed=self._loopback_allowed)
        return found

    async def close(self) -> None:
        """Nothing is held."""


class DownloadWire(httpx.AsyncBaseTransport):
    """HTTP over aiohttp: no redirects, no netrc, no cookies, nothing unpacked; proxies as set."""

    def __init__(self, *, loopback_allowed: bool) -> None:
        self._loopback_allowed = loopback_allowed
        self._resolver = CheckedResolver(loopback_allowed=loopback_allowed)
        self._direct: aiohttp.ClientSession | None = None
        self._proxied: aiohttp.ClientSession | None = None
        self._tls: ssl.SSLContext | None = None

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send one request, a whole body with it; the answer's body is still on the wire."""
        url = URL(str(request.url), encoded=True)  # a signed URL must arrive as it was signed
        host = url.raw_host or ""
        check_host(host, loopback_allowed=self._loopback_allowed)
        proxy = _proxy_for(url.scheme, host)
        if proxy is not None:
            await self._check_behind_proxy(host)
        with _as_httpx():
            answer = await self._send(request, url, proxy)
        return httpx.Response(
            answer.status, headers=answer.raw_headers, stream=_Body(answer), request=request
        )

    async def aclose(self) -> None:
        """Close every connection."""
        for session in (self._direct, self._proxied):
            if session is not None:
                await session.close()

    async def _send(
        self, request: httpx.Request, url: URL, proxy: URL | None
    ) -> aiohttp.ClientResponse:
        wait = request.extensions.get("timeout", {})
        login = _proxy_login(proxy)
        headers = {name: value for name, value in request.headers.items() if name != "host"}
        tunnelled = url.scheme == "https"
        return await self._session(proxied=proxy is not None).request(
            request.method,
            url,
            headers=headers if tunnelled else headers | login,
            data=await request.aread() or None,
            allow_redirects=False,
            proxy=proxy.with_user(None) if proxy is not None else None,
            proxy_headers=login if tunnelled else None,
            ssl=self._trusted() if tunnelled else True,
            timeout=aiohttp.ClientTimeout(
                total=None, sock_connect=wait.get("connect"), sock_read=wait.get("read")
            ),
        )

    def _session(self, *, proxied: bool) -> aiohttp.ClientSession:
        if proxied:
            self._proxied = self._proxied or _open_session(None)
            return self._proxied
        self._direct = self._direct or _open_session(self._resolver)
        return self._direct

    async def _check_behind_proxy(self, host: str) -> None:
        """Check a name that the proxy will resolve, as far as it is known on this side."""
        if _is_name(host):
            with contextlib.suppress(OSError):
                await self._resolver.resolve(host)

    def _trusted(self) -> ssl.SSLContext:
        """The certificates to trust: SSL_CERT_FILE and SSL_CERT_DIR where they are set."""
        self._tls = self._tls or httpx.create_ssl_context()
        return self._tls


class _Body(httpx.AsyncByteStream):
    """An answer's body, in pieces as large as they come."""

    def __init__(self, answer: aiohttp.ClientResponse) -> None:
        self._answer = answer

    async def __aiter__(self) -> AsyncIterator[bytes]:
        with _as_httpx():
            async for piece in self._answer.content.iter_any():
                yield piece

    async def aclose(self) -> None:
        if self._answer.content.at_eof():
            self._answer.release()  # the connection may be used again
        else:
            self._answer.close()


def _open_session(resolver: AbstractResolver | None) -> aiohttp.ClientSession:
    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=0, resolver=resolver, keepalive_timeout=KEEPALIVE_S),
        cookie_jar=aiohttp.DummyCookieJar(),
        auto_decompress=False,
        trust_env=False,  # it would read ~/.netrc and send what it finds
        read_bufsize=_READ_BYTES,
        skip_auto_headers=("User-Agent", "Accept", "Accept-Encoding"),
    )


@contextlib.contextmanager
def _as_httpx() -> Iterator[None]:
    """Turn aiohttp's errors into httpx's."""
    try:
        yield
    except aiohttp.ConnectionTimeoutError as error:
        raise httpx.ConnectTimeout("no connection in time") from error
    except TimeoutError as error:
        raise httpx.ReadTimeout("nothing came for too long") from error
    except aiohttp.InvalidURL as error:
        raise DownloadError(f"the output's URL cannot be used: {error}") from error
    except (aiohttp.ClientProxyConnectionError, aiohttp.ClientHttpProxyError) as error:
        raise httpx.ProxyError(str(error)) from error
    except aiohttp.ClientConnectorError as error:
        raise httpx.ConnectError(str(error)) from error
    except (aiohttp.ClientError, OSError) as error:
        raise httpx.ReadError(str(error) or type(error).__name__) from error


def _proxy_for(scheme: str, host: str) -> URL | None:
    """The proxy that the environment names for a host; never for this machine itself."""
    if is_loopback(host) or proxy_bypass(host):
        return None
    proxies = getproxies()
    address = proxies.get(scheme) or proxies.get("all")
    if not address:
        return None
    proxy = URL(address if "://" in address else f"http://{address}")
    if proxy.scheme not in {"http", "https"}:
        raise DownloadError(
            f"the {scheme} proxy is not an HTTP proxy: {proxy.scheme}://{proxy.host}",
            hint="Set HTTPS_PROXY to an http:// address, or unset it.",
        )
    return proxy


def _proxy_login(proxy: URL | None) -> dict[str, str]:
    if proxy is None or proxy.user is None:
        return {}
    login = f"{proxy.user}:{proxy.password or ''}".encode()
    return {"Proxy-Authorization": f"Basic {b64encode(login).decode()}"}


def _is_name(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return True
    return False
