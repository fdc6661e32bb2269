"""The providers' documents: what is asked, with which key, and what every answer becomes."""

import asyncio
import json
import time

import httpx
import pytest

from vidi.errors import CredentialsError, PollError
from vidi.inference.models.discovery.discovery import Discovery, DocumentError
from vidi.inference.providers.asking import AT_ONCE, NoSuchModelError
from vidi.inference.providers.documents import DocumentReader
from vidi.inference.providers.transport.timeouts import CallTimeouts
from vidi.inference.settings import Settings

KEYS = {"replicate": "r8_secret-of-replicate", "fal": "fal-key-id:fal-key-secret"}
PAINT, DRAW = "replicate/acme/paint", "fal/acme/draw"
URI = {"type": "string", "format": "uri"}
COG = {"Input": {"properties": {"prompt": {"type": "string"}}}, "Output": URI}
MODEL = {
    "name": "paint",
    "is_official": True,
    "latest_version": {"id": "f", "openapi_schema": {"components": {"schemas": COG}}},
}


def content(schema):
    return {"content": {"application/json": {"schema": schema}}}


def queue():
    given = content({"properties": {"prompt": {"type": "string"}}})
    image = {"properties": {"url": URI}}
    made = content({"properties": {"image": image}})
    return {
        "paths": {
            "/a": {"post": {"requestBody": given}},
            "/a/requests/{request_id}": {"get": {"responses": {"200": made}}},
        }
    }


class Wire(httpx.AsyncBaseTransport):
    """Answers by path, one scripted answer after the other; the last one stays."""

    def __init__(self, **scripts):
        self.requests = []
        self.busy = self.most = 0
        self.closed = False
        self._scripts = {name: list(script) for name, script in scripts.items()}

    async def handle_async_request(self, request):
        self.requests.append(request)
        self.busy += 1
        self.most = max(self.most, self.busy)
        await asyncio.sleep(0)
        self.busy -= 1
        answer = self._next(request)
        if isinstance(answer, Exception):
            raise answer
        return answer if isinstance(answer, httpx.Response) else httpx.Response(200, json=answer)

    def _next(self, request):
        name = {
            "api.replicate.com": "replicate", "fal.ai": "schema", "api.fal.ai": "listed",
        }[request.url.host]  # fmt: skip
        name = "priced" if request.url.path.endswith("/pricing") else name
        script = self._scripts.get(name)
        if script is None:
            return self._usual(name, request.url.params.get_list("endpoint_id"))
        answer = script[0] if len(script) == 1 else script.pop(0)
        return answer(request) if callable(answer) else answer

    def _usual(self, name, endpoints):
        return {
            "replicate": MODEL,
            "schema": queue(),
            "listed": {"models": [{"endpoint_id": each, "metadata": {}} for each in endpoints]},
            "priced": {
                "prices": [
                    {"endpoint_id": each, "unit_price": 0.1, "unit": "images"} for each in endpoints
                ]
            },
        }[name]

    async def aclose(self):
        self.closed = True


def reader(wire, keys=KEYS):
    return DocumentReader(Settings(keys=keys), wire, CallTimeouts(poll=5, first_pause=0.001))


def failed(status, body=None, **headers):
    return httpx.Response(status, json=body or {"detail": "no"}, headers=headers)


async def test_a_model_of_replicate():
    wire = Wire()
    found = await reader(wire).discover(PAINT)
    assert (found.id, found.output) == (PAINT, "output")
    (request,) = wire.requests
    assert (request.method, str(request.url)) == (
        "GET", "https://api.replicate.com/v1/models/acme/paint",
    )  # fmt: skip
    assert request.headers["authorization"] == "Bearer r8_secret-of-replicate"


async def test_an_endpoint_of_fal():
    wire = Wire()
    found = await reader(wire).discover(DRAW)
    assert str(found.price) == "0.1 USD per images"
    asked = {str(request.url): request.headers.get("authorization") for request in wire.requests}
    assert asked == {
        "https://api.fal.ai/v1/models?endpoint_id=acme%2Fdraw": "Key fal-key-id:fal-key-secret",
        "https://api.fal.ai/v1/models/pricing?endpoint_id=acme%2Fdraw":
            "Key fal-key-id:fal-key-secret",
        "https://fal.ai/api/openapi/queue/openapi.json?endpoint_id=acme%2Fdraw": None,
    }  # fmt: skip


async def test_a_name_stays_a_name():
    wire = Wire()
    await reader(wire).discover("replicate/acme/paint?x=1#z")
    assert wire.requests[0].url.raw_path == b"/v1/models/acme/paint%3Fx%3D1%23z"


async def test_settings_lead_elsewhere():
    urls = dict(Settings().urls) | {"VIDI_REPLICATE_URL": "https://api.replicate.com/prefix"}
    wire = Wire()
    read = DocumentReader(Settings(urls=urls, keys=KEYS), wire)
    await read.discover(PAINT)
    assert wire.requests[0].url.path == "/prefix/v1/models/acme/paint"


@pytest.mark.parametrize(
    ("model", "answer", "error", "message"),
    [
        (PAINT, failed(404), NoSuchModelError, "Replicate has no such model: no"),
        (PAINT, failed(401), CredentialsError,
         "Replicate refused the key in REPLICATE_API_TOKEN: no"),
        (PAINT, failed(403), CredentialsError,
         "Replicate refused the key in REPLICATE_API_TOKEN: no"),
        (PAINT, failed(422), DocumentError, "Replicate answered HTTP 422: no"),
        (PAINT, failed(301), DocumentError, "Replicate answered HTTP 301: no"),
        (PAINT, failed(429), PollError, "Replicate answered HTTP 429: no"),
        (PAINT, failed(503), PollError, "Replicate answered HTTP 503: no"),
        (PAINT, httpx.ReadTimeout("too slow"), PollError, "no answer from Replicate: too slow"),
        (PAINT, httpx.Response(200, text="<html>"), DocumentError,
         "Replicate's answer cannot be read: <html>"),
        (PAINT, httpx.Response(200), DocumentError,
         "Replicate's answer cannot be read: it is empty"),
        (PAINT, httpx.Response(200, text='{"a": NaN}'), DocumentError,
         'Replicate\'s answer cannot be read: {"a": NaN}'),
        (PAINT, httpx.Response(200, text='{"a": 1e999999}'), DocumentError,
         'Replicate\'s answer cannot be read: {"a": 1e999999}'),
        (PAINT, httpx.Response(200, text=r'{"a": "\ud800"}'), DocumentError,
         r'Replicate' + "'s answer cannot be read: " + r'{"a": "\ud800"}'),
        (PAINT, {"latest_version": None}, DocumentError, "Replicate shows no schema of it"),
        (DRAW, failed(404), DocumentError,
         "fal.ai lists it, and shows no schema: fal.ai has no such model: no"),
        (DRAW, failed(401), CredentialsError, "fal.ai refused the key in FAL_KEY: no"),
        (DRAW, failed(500), PollError, "fal.ai answered HTTP 500: no"),
        (DRAW, {}, DocumentError, "fal.ai's schema has no request to submit"),
    ],
)  # fmt: skip
async def test_answers_that_are_no_document(model, answer, error, message):
    name = "replicate" if model == PAINT else "schema"
    with pytest.raises(error) as caught:
        await reader(Wire(**{name: [answer]})).discover(model)
    assert str(caught.value) == message


@pytest.mark.parametrize("first", [failed(503), httpx.ConnectError("refused"), failed(429)])
async def test_what_may_pass_is_asked_again(first):
    wire = Wire(replicate=[first, MODEL])
    assert (await reader(wire).discover(PAINT)).id == PAINT
    assert len(wire.requests) == 2


async def test_it_waits_as_long_as_it_is_told():
    loop = asyncio.get_running_loop()
    began = loop.time()
    wire = Wire(replicate=[failed(429, **{"retry-after": "0.2"}), MODEL])
    await reader(wire).discover(PAINT)
    assert loop.time() - began >= 0.2


async def test_it_asks_three_times_at_most():
    wire = Wire(replicate=[failed(503)])
    with pytest.raises(PollError):
        await reader(wire).discover(PAINT)
    assert len(wire.requests) == 3


@pytest.mark.parametrize(
    ("model", "message"),
    [
        (PAINT, "no key for Replicate: REPLICATE_API_TOKEN is not set"),
        (DRAW, "no key for fal.ai: FAL_KEY is not set"),
    ],
)
async def test_without_a_key_nothing_is_asked(model, message):
    wire = Wire()
    with pytest.raises(CredentialsError) as caught:
        await reader(wire, {}).discover_all([PAINT, DRAW] if model == PAINT else [model])
    assert str(caught.value) == message
    assert wire.requests == []


async def test_many_models_are_asked_about_some_at_a_time():
    wire = Wire()
    names = [f"replicate/acme/m{n}" for n in range(60)] + [f"fal/acme/m{n}" for n in range(120)]
    found = await reader(wire).discover_all([*names, names[0]])
    assert list(found) == names
    assert all(isinstance(each, Discovery) for each in found.values())
    assert wire.most <= AT_ONCE
    assert len(wire.requests) == 60 + 120 + 2 * 3
    assert {request.method for request in wire.requests} == {"GET"}


async def test_one_model_that_fails_does_not_hide_the_others():
    def answer(request):
        return failed(404) if request.url.path.endswith("gone") else httpx.Response(200, json=MODEL)

    found = await reader(Wire(replicate=[answer])).discover_all([PAINT, "replicate/acme/gone"])
    assert isinstance(found[PAINT], Discovery)
    assert isinstance(found["replicate/acme/gone"], NoSuchModelError)


async def test_an_unknown_name_does_not_spoil_a_question_about_many():
    def answer(request):
        names = request.url.params.get_list("endpoint_id")
        if "acme/gone" in names:
            return failed(404)
        prices = [{"endpoint_id": each, "unit_price": 2, "unit": "images"} for each in names]
        return httpx.Response(200, json={"prices": prices})

    wire = Wire(priced=[answer])
    found = await reader(wire).discover_all([DRAW, "fal/acme/gone"])
    assert str(found[DRAW].price) == "2 USD per images"
    assert found["fal/acme/gone"].price is None


@pytest.mark.parametrize("name", ["listed", "priced"])
@pytest.mark.parametrize(
    ("answer", "error"),
    [(failed(422), DocumentError), (failed(503), PollError)],
)
async def test_a_list_that_cannot_be_read_is_an_error_of_its_models(name, answer, error):
    found = await reader(Wire(**{name: [answer]})).discover_all([DRAW, "fal/acme/other"])
    assert [type(each) for each in found.values()] == [error, error]


@pytest.mark.parametrize("answer", [{}, {"prices": "none"}, {"prices": [5]}, []])
async def test_a_price_list_without_prices_prices_nothing(answer):
    found = await reader(Wire(priced=[answer])).discover(DRAW)
    assert found.price is None


async def test_a_refused_key_ends_all():
    with pytest.raises(CredentialsError):
        await reader(Wire(replicate=[failed(401)])).discover_all([PAINT, DRAW])


async def test_what_fal_does_not_know_is_not_there():
    with pytest.raises(NoSuchModelError, match="has no such model: no"):
        await reader(Wire(schema=[failed(404)], listed=[{"models": []}])).discover(DRAW)


async def test_what_fal_neither_lists_nor_describes_is_not_there():
    with pytest.raises(NoSuchModelError) as caught:
        await reader(Wire(schema=[{}], listed=[{"models": []}])).discover(DRAW)
    assert str(caught.value) == (
        "fal.ai does not list it: fal.ai's schema has no request to submit"
    )


async def test_numbers_stay_exact():
    text = json.dumps(MODEL).replace('"type": "string"}', '"type": "number", "maximum": 0.1}', 1)
    found = await reader(Wire(replicate=[httpx.Response(200, text=text)])).discover(PAINT)
    assert str(found.params["properties"]["prompt"]["maximum"]) == "0.1"


async def test_a_given_wire_stays_open():
    wire = Wire()
    read = reader(wire)
    await read.discover(PAINT)
    await read.aclose()
    assert not wire.closed


async def test_questions_keep_their_pace():
    read = reader(Wire())
    read.per_second = 50
    began = time.monotonic()
    await read.discover_all([f"replicate/acme/m{n}" for n in range(6)])
    assert time.monotonic() - began >= 0.09  # the first at once, five more every 20 ms
