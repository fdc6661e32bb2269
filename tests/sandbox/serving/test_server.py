"""The sandbox on a socket: both official SDKs as they are, and connections that really break."""

import asyncio
import gc
import json
import threading
import time
from io import BytesIO
from urllib.request import urlopen

import fal_client
import httpx
import pytest
from PIL import Image
from replicate import AsyncReplicate, Replicate
from starlette.applications import Starlette

from vidi.inference.providers.transport.wire import KEEPALIVE_S
from vidi.sandbox.app import create_app, sandbox_of
from vidi.sandbox.faults import FaultPlan
from vidi.sandbox.serving.addresses import SERVICES, sandbox_environment
from vidi.sandbox.serving.server import build_server

FAULTS = [
    {"on": "submit", "fault": "reset", "model": "*/film"},
    {"on": "submit", "fault": "reset-after", "model": "*/film", "nth": 2},
    {"on": "submit", "fault": "timeout", "model": "*/film", "nth": 3},
    {"on": "submit", "fault": "timeout-after", "model": "*/film", "nth": 4},
    {"on": "submit", "fault": "refused", "model": "*/film", "nth": 5},
    {"on": "submit", "fault": "timeout", "model": "*/film", "nth": 6, "seconds": 0.05},
    {"on": "download", "fault": "truncated", "model": "fal/acme/mesh"},
    {"on": "download", "fault": "slow", "model": "fal/acme/mesh", "nth": 2, "seconds": 0.1},
]


class Served:
    """One sandbox on a free port of this machine."""

    def __init__(self, registry):
        self.app = create_app(registry, latency=0.2, faults=FaultPlan(FAULTS))
        self.sandbox = sandbox_of(self.app)
        self._server = build_server(self.app)
        self._thread = threading.Thread(target=self._server.run, daemon=True)

    def __enter__(self):
        self._thread.start()
        while not self._server.started:
            time.sleep(0.005)
        port = self._server.servers[0].sockets[0].getsockname()[1]
        self.url = f"http://127.0.0.1:{port}"
        return self

    def __exit__(self, *_):
        self._server.should_exit = True
        self._thread.join(5)


@pytest.fixture
def served(call):
    with Served(call().sandbox.registry) as served:
        yield served


class RewritingTransport(httpx.BaseTransport):
    """Sends requests for the providers' hosts to a served sandbox."""

    def __init__(self, base):
        self._wire = httpx.HTTPTransport()
        self._base = httpx.URL(base)
        self._prefixes = {each.host: each.prefix for each in SERVICES}

    def handle_request(self, request):
        prefix = self._prefixes.get(request.url.host)
        if prefix:
            path = prefix.encode() + request.url.raw_path
            request.url = self._base.copy_with(raw_path=path)
            request.headers["host"] = request.url.netloc.decode()
        return self._wire.handle_request(request)

    def close(self):
        self._wire.close()


def _counts(served, method):
    requests = served.sandbox.requests.items()
    return {
        f"{kind.service} {kind.route}": count for kind, count in requests if kind.method == method
    }


def test_the_replicate_sdk(served):
    with Replicate(bearer_token="r8_key", base_url=f"{served.url}/replicate/v1") as client:
        prediction = client.models.predictions.create(
            model_owner="acme", model_name="paint", input={"prompt": "x", "num_outputs": 2}
        )
        assert prediction.status == "starting"
        done = client.predictions.wait(prediction.id)
        assert done.status == "succeeded"
        assert len(done.output) == 2
        with urlopen(done.output[0]) as answer:
            assert Image.open(BytesIO(answer.read())).size == (1024, 1024)
        assert [each.id for each in client.predictions.list()] == [prediction.id]
        file = client.files.create(content=b"bytes")
        assert client.files.get(file_id=file.id).size == 5
        assert client.account.get().username == "sandbox"
        assert client.models.get(model_owner="acme", model_name="paint").is_official
    assert _counts(served, "POST") == {
        "replicate /v1/models/{owner}/{name}/predictions": 1, "replicate /v1/files": 1}  # fmt: skip


async def test_the_asynchronous_replicate_sdk_runs(served):
    async with AsyncReplicate(bearer_token="r8", base_url=f"{served.url}/replicate/v1") as client:
        outputs = await client.run("acme/paint", input={"prompt": "x"})
        assert (await outputs[0].read()).startswith(b"RIFF")
        words = await client.run("acme/talk", input={"prompt": "hi"})
        assert "".join(words) == "SANDBOX: hi"


def test_the_fal_sdk(served):
    client = fal_client.SyncClient(key="key")
    wire = RewritingTransport(served.url)
    headers = {"Authorization": "Key key"}
    with httpx.Client(transport=wire, headers=headers) as http:
        client.__dict__["_client"] = http
        handle = client.submit("acme/paint/fast", {"prompt": "x", "image_size": "square"})
        first = handle.status(with_logs=True)
        assert isinstance(first, fal_client.Queued | fal_client.InProgress)
        body = handle.get()
        assert isinstance(handle.status(with_logs=True), fal_client.Completed)
        with urlopen(body["images"][0]["url"]) as answer:
            assert Image.open(BytesIO(answer.read())).size == (512, 512)
        assert client.run("acme/say", {"prompt": "hi"}) == {"text": "SANDBOX: hi"}
        with pytest.raises(fal_client.FalClientHTTPError, match="Field required"):
            client.subscribe("acme/say", {})
    assert _counts(served, "POST") == {
        "fal-queue /{endpoint:path}": 2, "fal-run /{endpoint:path}": 1}  # fmt: skip


@pytest.mark.filterwarnings("ignore::ResourceWarning")  # the SDK leaves its sockets open
@pytest.mark.parametrize("parts", [False, True])
def test_uploads_with_the_fal_sdk(served, monkeypatch, parts):
    environ = sandbox_environment(served.url)
    monkeypatch.setattr("fal_client.client.REST_URL", environ["VIDI_FAL_REST_URL"])
    monkeypatch.setattr("fal_client.client.CDN_URL", environ["VIDI_FAL_CDN_URL"])
    monkeypatch.setattr("fal_client.client.MULTIPART_THRESHOLD", 100 if parts else 10_000)
    monkeypatch.setattr("fal_client.client.MULTIPART_CHUNK_SIZE", 400)
    data = bytes(range(256)) * 5
    url = fal_client.SyncClient(key="key").upload(data, "image/png", "a.png")
    with urlopen(url) as answer:
        assert answer.read() == data
    assert len(_counts(served, "PUT")) == parts
    gc.collect()


@pytest.fixture
async def http():
    async with httpx.AsyncClient(headers={"Authorization": "Key key"}, timeout=0.3) as client:
        yield client


async def test_connections_that_break(served, http):
    url = f"{served.url}/fal-queue/acme/film"
    errors = []
    for _ in range(6):
        with pytest.raises(httpx.TransportError) as caught:
            await http.post(url, json={"prompt": "x"})
        errors.append((type(caught.value), len(served.sandbox.works)))
    reset, stall, end = httpx.ReadError, httpx.ReadTimeout, httpx.RemoteProtocolError
    assert errors == [(reset, 0), (reset, 1), (stall, 1), (stall, 2), (reset, 2), (end, 2)]
    assert (await http.post(url, json={"prompt": "x"})).status_code == 200


async def test_a_body_that_breaks_off_and_one_that_is_slow(served, http):
    submitted = await http.post(f"{served.url}/fal-queue/acme/mesh", json={"prompt": "x"})
    await asyncio.sleep(0.25)
    result = (await http.get(submitted.json()["response_url"])).json()
    url = result["model_mesh"]["url"]
    got = b""
    with pytest.raises((httpx.RemoteProtocolError, httpx.ReadError)):  # noqa: PT012  a stream
        async with http.stream("GET", url) as answer:
            async for piece in answer.aiter_raw():
                got += piece
    assert len(got) == result["model_mesh"]["file_size"] // 2
    slow = await http.get(url)
    assert slow.elapsed.total_seconds() > 0.09
    assert len(slow.content) == result["model_mesh"]["file_size"]


async def test_the_stream_comes_as_it_happens(served, http):
    submitted = (await http.post(f"{served.url}/fal-queue/acme/say", json={"prompt": "x"})).json()
    start = time.monotonic()
    async with http.stream("GET", f"{submitted['status_url']}/stream") as answer:
        seen = [
            (json.loads(line[6:])["status"], time.monotonic() - start)
            async for line in answer.aiter_lines()
            if line
        ]
    statuses, moments = zip(*seen, strict=True)
    ways = [("IN_QUEUE", "IN_PROGRESS", "COMPLETED"), ("IN_PROGRESS", "COMPLETED")]
    assert statuses in ways  # on a busy machine it has begun before anybody looks
    assert moments[-1] - moments[-2] > 0.03


def test_billing_is_served(served):
    with urlopen(f"{served.url}/_sandbox/billing") as answer:
        assert json.load(answer) == {"total_usd": 0, "charges": []}


def test_a_connection_is_kept_for_longer_than_a_client_of_ours_keeps_it():
    """Else a client that was starved sends a purchase where nobody listens, and is in doubt."""
    assert build_server(Starlette()).config.timeout_keep_alive > KEEPALIVE_S
