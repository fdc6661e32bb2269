"""What we rely on in the SDKs and in the wire; a release that changes it fails here."""

from __future__ import annotations

import asyncio
import inspect
import os
import subprocess
import sys
from pathlib import Path

import aiohttp
import fal_client
import fal_client.auth
import fal_client.client
import httpx
import pytest
import replicate
from httpx_aiohttp import AiohttpTransport

import vidi.inference.providers
from support.servers.loopback import CLOSE, Loopback, Reply
from vidi.inference.providers.fal.answers import NAMESPACES, derive_urls
from vidi.inference.providers.fal.sdk import GuardedFal, list_aliases
from vidi.inference.providers.replicate.sdk import open_client
from vidi.inference.providers.transport.routes import SERVICES


def parameters(function):
    return set(inspect.signature(function).parameters)


class Recorder(httpx.AsyncBaseTransport):
    """Answers everything alike and remembers what was asked."""

    def __init__(self, code, **answer):
        self.status, self.answer, self.asked = code, answer, []

    async def handle_async_request(self, request):
        await request.aread()
        self.asked.append((request.method, str(request.url)))
        return httpx.Response(self.status, json=self.answer, request=request)


# Replicate 2.x


@pytest.mark.parametrize("status", [408, 409, 429, 500, 503])
async def test_replicate_posts_once_with_its_retries_off(status):
    wire = Recorder(status)
    with pytest.raises(replicate.APIStatusError):
        await open_client(wire, "key").predictions.create(version="v", input={})
    assert wire.asked == [("POST", "https://api.replicate.com/v1/predictions")]


async def test_replicate_lets_our_errors_out_as_the_cause_of_its_own():
    class OursError(Exception):
        pass

    class Failing(httpx.AsyncBaseTransport):
        async def handle_async_request(self, _request):
            raise OursError

    with pytest.raises(replicate.APIConnectionError) as caught:
        await open_client(Failing(), "key").predictions.create(version="v", input={})
    assert isinstance(caught.value.__cause__, OursError)


async def test_replicate_gets_and_posts_any_absolute_url_raw():
    wire = Recorder(200, status="NEW")
    client = open_client(wire, "key")
    got = await client.get("http://x/y?z=1", cast_to=httpx.Response)
    await client.post("http://x/cancel", cast_to=httpx.Response)
    await client.get("/predictions", cast_to=httpx.Response, options={"params": {"a": "b"}})
    assert got.json() == {"status": "NEW"}
    assert [url for _, url in wire.asked] == [
        "http://x/y?z=1",
        "http://x/cancel",
        "https://api.replicate.com/v1/predictions?a=b",
    ]


def test_replicate_takes_the_arguments_that_we_give():
    client = open_client(Recorder(200), "key")
    assert {"version", "input", "cancel_after"} <= parameters(client.predictions.create)
    assert {"model_owner", "model_name", "input", "cancel_after"} <= parameters(
        client.models.predictions.create
    )
    assert "content" in parameters(client.files.create)
    assert {"bearer_token", "base_url", "max_retries", "http_client"} <= parameters(
        replicate.AsyncReplicate
    )


# fal-client 1.x


def test_fal_has_the_seams_that_we_override():
    for seam in ("_client", "_token_manager", "_cdn_client"):
        assert hasattr(fal_client.AsyncClient, seam)
        assert seam in vars(GuardedFal)
    tokens = fal_client.client.AsyncCDNTokenManager
    assert parameters(tokens) == {"auth"}
    assert inspect.iscoroutinefunction(tokens._refresh_token)
    assert {"token", "token_type", "base_upload_url", "expires_at"} == parameters(
        fal_client.client.CDNToken
    )


def test_fal_makes_its_http_clients_in_the_seams_alone():
    source = inspect.getsource(fal_client.AsyncClient)
    assert source.count("httpx.AsyncClient(") == 2  # _client and _cdn_client
    source = inspect.getsource(fal_client.client.AsyncCDNTokenManager)
    assert source.count("httpx.AsyncClient(") == 1  # _refresh_token


def test_fal_takes_the_arguments_that_we_give():
    client = fal_client.AsyncClient
    assert {"application", "arguments", "start_timeout"} <= parameters(client.submit)
    assert {"data", "content_type", "file_name", "fallback_repository"} <= parameters(client.upload)
    assert {"path", "fallback_repository"} <= parameters(client.upload_file)
    handle = fal_client.client.AsyncRequestHandle
    assert parameters(handle) == {
        "request_id",
        "response_url",
        "status_url",
        "cancel_url",
        "client",
    }


def test_fals_hosts_are_the_ones_that_we_map():
    known = {host for service in SERVICES for host in service.hosts}
    sdk = fal_client.client
    urls = (sdk.REST_URL, sdk.CDN_URL, sdk.QUEUE_URL_FORMAT, sdk.RUN_URL_FORMAT)
    assert {httpx.URL(url).host for url in urls} <= known
    assert {*sdk._BACKUP_DOMAINS, *sdk._BACKUP_DOMAINS.values()} <= known
    assert list(list_aliases()) == ["queue.fal.run"]


@pytest.mark.parametrize("endpoint", ["a/b", "a/b/c/d", *(f"{each}/a/b/c" for each in NAMESPACES)])
def test_fal_derives_urls_as_we_do(endpoint):
    handle = fal_client.client.AsyncRequestHandle.from_request_id(None, endpoint, "r")
    assert derive_urls(endpoint, "r") == {
        "status": handle.status_url,
        "response": handle.response_url,
        "cancel": handle.cancel_url,
    }
    assert list(NAMESPACES) == fal_client.client.APP_NAMESPACES


async def test_fals_retry_loop_knows_httpx_errors_alone():
    class OursError(Exception):
        pass

    calls = []

    class Failing(httpx.AsyncBaseTransport):
        async def handle_async_request(self, request):
            calls.append(request.method)
            raise OursError

    with pytest.raises(OursError):
        await GuardedFal(Failing(), "key").submit("a/b", {})
    assert calls == ["POST"]


# httpx-aiohttp and aiohttp


async def test_the_wire_calls_a_cut_connection_a_connect_timeout():
    """The reason for `evidence.py`; when this fails, the trap is gone."""
    transport = AiohttpTransport()
    async with Loopback(CLOSE) as server:
        with pytest.raises(httpx.ConnectTimeout) as caught:
            await transport.handle_async_request(httpx.Request("POST", server.url, content=b"x"))
    await transport.aclose()
    assert isinstance(caught.value.__cause__, aiohttp.ServerDisconnectedError)


async def test_aiohttp_never_repeats_a_post():
    assert "POST" not in aiohttp.client.IDEMPOTENT_METHODS
    async with aiohttp.ClientSession() as session, Loopback(Reply(200, keep=True), CLOSE) as server:
        await (await session.post(server.url)).read()
        with pytest.raises(aiohttp.ServerDisconnectedError):
            await session.post(server.url)
        await asyncio.sleep(0)
    assert server.posts == 2


def test_importing_the_providers_imports_no_sdk():
    heavy = "replicate fal_client httpx aiohttp httpx_aiohttp tenacity pydantic"
    code = (
        "import sys, vidi.inference.providers as p; from vidi.inference.settings import Settings;"
        "[each(Settings()).is_available() for each in p.PROVIDERS.values()];"
        f"print([m for m in {heavy.split()} if m in sys.modules])"
    )
    source = Path(vidi.inference.providers.__file__).parents[3]
    run = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | {"PYTHONPATH": str(source)},
    )
    assert (run.stdout, run.stderr) == ("[]\n", "")
