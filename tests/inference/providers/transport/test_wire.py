"""The real wire: proxies, certificates, and the proof of what was never sent."""

from __future__ import annotations

import asyncio
import ssl
from dataclasses import replace
from pathlib import Path

import pytest

from inference.providers.conftest import SHORT, make_submission
from support.servers.loopback import CLOSE, STALL, Loopback, Reply, closed_port, read_request
from vidi.errors import InDoubtError, NotSentError, UsageError

PEM = Path(__file__).with_name("localhost.pem")
"""A self-signed certificate for 127.0.0.1 and localhost, with its key."""
QUEUED = Reply(200, {"request_id": "abc"})


@pytest.fixture(autouse=True)
def _no_proxies_of_this_machine(monkeypatch):
    for name in ("http", "https", "all", "no"):
        monkeypatch.delenv(f"{name}_proxy", raising=False)
        monkeypatch.delenv(f"{name}_proxy".upper(), raising=False)


@pytest.fixture
async def secure():
    """A server that speaks TLS with a certificate that nobody knows."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(PEM)
    server = await Loopback(QUEUED).start(context)
    yield server
    await server.__aexit__()


class Tunnel:
    """A proxy that opens CONNECT tunnels to wherever it is asked."""

    def __init__(self):
        self.asked = []
        self._tasks = []

    async def __aenter__(self):
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.url = f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"
        return self

    async def __aexit__(self, *_):
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _serve(self, reader, writer):
        asked = await read_request(reader)
        self.asked.append(asked)
        host, _, port = asked.path.partition(":")
        far_reader, far_writer = await asyncio.open_connection(host, int(port))
        writer.write(b"HTTP/1.1 200 Connected\r\n\r\n")
        pumps = [pump(reader, far_writer), pump(far_reader, writer)]
        self._tasks += map(asyncio.create_task, pumps)


async def pump(reader, writer):
    try:
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    except ConnectionError:
        pass
    finally:
        writer.close()


async def test_ssl_cert_file_is_trusted(connect, secure, monkeypatch):
    monkeypatch.setenv("SSL_CERT_FILE", str(PEM))
    assert (await connect("fal", secure.url).submit(make_submission("fal"))).request_id == "abc"


async def test_an_unknown_certificate_means_never_sent(connect, secure):
    with pytest.raises(NotSentError, match=r"(?i)certificate"):
        await connect("fal", secure.url).submit(make_submission("fal"))
    assert secure.posts == 0


async def test_a_handshake_without_end_means_never_sent(connect):
    async with Loopback(STALL) as server:
        url = server.url.replace("http:", "https:")
        provider = connect("fal", url, timeouts=replace(SHORT, connect=0.3))
        with pytest.raises(NotSentError):
            await provider.submit(make_submission("fal"))


async def test_a_certificate_file_that_is_not_there_is_named(connect, monkeypatch):
    monkeypatch.setenv("SSL_CERT_FILE", "/no/such/file.pem")
    with pytest.raises(UsageError, match="SSL_CERT_FILE or SSL_CERT_DIR names cannot be read"):
        await connect("fal", "http://127.0.0.1:9").submit(make_submission("fal"))


@pytest.mark.parametrize("variable", ["HTTP_PROXY", "http_proxy", "ALL_PROXY"])
async def test_http_goes_through_its_proxy(connect, monkeypatch, variable):
    async with Loopback(QUEUED) as proxy:
        monkeypatch.setenv(variable, proxy.url)
        await connect("fal", "http://queue.invalid/x").submit(make_submission("fal"))
    assert proxy.asked[0].path == "http://queue.invalid/x/fal-ai/flux/dev"
    assert proxy.asked[0].headers["host"] == "queue.invalid"


async def test_a_proxy_without_a_scheme_is_an_http_proxy(connect, monkeypatch):
    async with Loopback(QUEUED) as proxy:
        monkeypatch.setenv("HTTP_PROXY", proxy.url.removeprefix("http://"))
        await connect("fal", "http://queue.invalid").submit(make_submission("fal"))
    assert proxy.posts == 1


async def test_a_proxys_password_goes_to_the_proxy(connect, monkeypatch):
    async with Loopback(QUEUED) as proxy:
        monkeypatch.setenv("HTTP_PROXY", proxy.url.replace("://", "://me:pw@"))
        await connect("fal", "http://queue.invalid").submit(make_submission("fal"))
    asked = proxy.asked[0]
    assert asked.headers["proxy-authorization"] == "Basic bWU6cHc="
    assert asked.headers["authorization"] == "Key fal-key-id:fal-key-secret"


async def test_a_proxys_password_opens_the_tunnel(connect, monkeypatch):
    async with Loopback(Reply(407)) as proxy:
        monkeypatch.setenv("HTTPS_PROXY", proxy.url.replace("://", "://me:p%40@"))
        with pytest.raises(NotSentError):
            await connect("fal", "https://queue.invalid").submit(make_submission("fal"))
    assert proxy.asked[0].headers["proxy-authorization"] == "Basic bWU6cEA="
    assert "authorization" not in proxy.asked[0].headers


async def test_https_goes_through_a_tunnel(connect, secure, monkeypatch):
    monkeypatch.setenv("SSL_CERT_FILE", str(PEM))
    async with Tunnel() as proxy:
        monkeypatch.setenv("HTTPS_PROXY", proxy.url)
        accepted = await connect("fal", secure.url).submit(make_submission("fal"))
    assert accepted.request_id == "abc"
    assert [asked.method for asked in proxy.asked] == ["CONNECT"]
    assert "authorization" not in proxy.asked[0].headers


async def test_no_proxy_is_honoured(connect, monkeypatch):
    monkeypatch.setenv("HTTP_PROXY", closed_port())
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    async with Loopback(QUEUED) as server:
        await connect("fal", server.url).submit(make_submission("fal"))
    assert server.posts == 1


@pytest.mark.parametrize("reply", [Reply(407), Reply(502), Reply(403), CLOSE], ids=str)
async def test_a_tunnel_that_the_proxy_refuses_means_never_sent(connect, monkeypatch, reply):
    async with Loopback(reply) as proxy:
        monkeypatch.setenv("HTTPS_PROXY", proxy.url)
        with pytest.raises(NotSentError):
            await connect("fal", "https://queue.invalid").submit(make_submission("fal"))
    assert proxy.posts == 0


async def test_a_proxy_that_is_not_there_means_never_sent(connect, monkeypatch):
    monkeypatch.setenv("HTTP_PROXY", closed_port())
    with pytest.raises(NotSentError):
        await connect("fal", "http://queue.invalid").submit(make_submission("fal"))


async def test_a_plain_proxy_that_fails_leaves_it_in_doubt(connect, monkeypatch):
    async with Loopback(Reply(502, b"bad gateway")) as proxy:
        monkeypatch.setenv("HTTP_PROXY", proxy.url)
        with pytest.raises(InDoubtError):
            await connect("fal", "http://queue.invalid").submit(make_submission("fal"))


async def test_a_socks_proxy_is_refused_by_name(connect, monkeypatch):
    monkeypatch.setenv("HTTPS_PROXY", "socks5://127.0.0.1:1080")
    with pytest.raises(UsageError) as caught:
        await connect("fal", "http://127.0.0.1:9").submit(make_submission("fal"))
    assert caught.value.message == "HTTPS_PROXY is not an HTTP proxy"
    assert caught.value.hint == "Set HTTPS_PROXY to http://host:port, or unset it."


async def test_netrc_is_not_read(connect, monkeypatch, tmp_path):
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login me password pw\n")
    monkeypatch.setenv("NETRC", str(netrc))
    async with Loopback(QUEUED) as server:
        await connect("fal", server.url).submit(make_submission("fal"))
    assert server.asked[0].headers["authorization"].startswith("Key ")
