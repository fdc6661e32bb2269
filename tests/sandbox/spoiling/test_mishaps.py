"""Every fault on the wire, in process: what is seen, and whether the request took effect."""

from contextlib import suppress
from io import BytesIO

import av
import httpx
import pytest
from PIL import Image, UnidentifiedImageError

WIRE = {"refused": httpx.ConnectError, "reset": httpx.ReadError, "timeout": httpx.ReadTimeout}
STATUSES = {"400": 400, "401": 401, "402": 402, "403": 403, "403-locked": 403, "404": 404,
            "413": 413, "422": 422, "429": 429, "429-body": 429, "429-detail": 429,
            "429-bare": 429, "500": 500, "502-nginx": 502, "503": 503, "504": 504, "gone": 410,
            "result-5xx": 500}  # fmt: skip


@pytest.mark.parametrize("after", ["", "-after"])
@pytest.mark.parametrize("name", WIRE)
@pytest.mark.parametrize("submit", ["predict", "submit"])
async def test_a_submit_without_an_answer(call, submit, name, after):
    caller = call(faults=[{"on": "submit", "fault": name + after}])
    with pytest.raises(WIRE[name]):
        await getattr(caller, submit)()
    assert len(caller.sandbox.billing.charges) == (1 if after else 0)
    await getattr(caller, submit)()
    assert sum(caller.sandbox.requests.values()) == 2


@pytest.mark.parametrize("after", ["", "-after"])
@pytest.mark.parametrize("name", STATUSES)
@pytest.mark.parametrize("submit", ["predict", "submit"])
async def test_a_refused_submit(call, submit, name, after):
    caller = call(faults=[{"on": "submit", "fault": name + after}])
    answer = await getattr(caller, submit)()
    assert answer.status_code == STATUSES[name]
    assert len(caller.sandbox.billing.charges) == (1 if after else 0)


@pytest.mark.parametrize(
    ("fault", "header", "body"),
    [
        ("429", "7", {"detail": "Request was throttled."}),
        ("429-body", None, {"status": 429, "retry_after": 7, "detail": (
            "Request was throttled. Your rate limit for creating predictions is reduced to 6 "
            "requests per minute with a burst of 1 requests while you have less than $5.0 in "
            "credit.")}),
        ("429-detail", None,
         {"detail": "Request was throttled. Your rate limit resets in ~7s."}),
        ("429-bare", None, {"detail": "Request was throttled."}),
    ],
)  # fmt: skip
async def test_where_429_says_how_long(call, fault, header, body):
    caller = call(faults=[{"on": "submit", "fault": fault, "retry_after": 7, "times": 2}])
    answer = await caller.predict()
    assert (answer.headers.get("retry-after"), answer.json()) == (header, body)
    answer = await caller.submit()
    assert answer.json() == body | {"error_type": "concurrent_requests_limit"}
    assert answer.headers["x-fal-needs-retry"] == "1"


@pytest.mark.parametrize("submit", ["predict", "submit"])
async def test_nginx(call, submit):
    answer = await getattr(call(faults=[{"on": "submit", "fault": "502-nginx"}]), submit)()
    assert "nginx" in answer.text
    assert "x-fal-request-id" not in answer.headers


@pytest.mark.parametrize(
    ("fault", "error_type"),
    [("400", "bad_request"), ("500", "internal_error"), ("503", "runner_scheduling_failure"),
     ("504", "request_timeout")],
)  # fmt: skip
async def test_family_b(call, fault, error_type):
    answer = await call(faults=[{"on": "submit", "fault": fault}]).submit()
    assert answer.json()["error_type"] == answer.headers["x-fal-error-type"] == error_type
    assert answer.headers["x-fal-request-id"]


async def test_options_replace_status_and_message(call):
    rule = {"on": "submit", "fault": "500", "status": 418, "message": "short and stout"}
    caller = call(faults=[{**rule, "times": 2}])
    for submit in (caller.predict, caller.submit):
        answer = await submit()
        assert (answer.status_code, answer.json()["detail"]) == (418, "short and stout")


@pytest.mark.parametrize(("submit", "status"), [("predict", 201), ("submit", 200)])
@pytest.mark.parametrize("fault", ["garbage-2xx", "missing-id", "empty"])
async def test_an_accepted_submit_with_a_spoilt_answer(call, submit, status, fault):
    caller = call(faults=[{"on": "submit", "fault": fault}])
    answer = await getattr(caller, submit)()
    assert answer.status_code == status
    assert len(caller.sandbox.billing.charges) == 1
    if fault == "missing-id":
        assert not answer.json().keys() & {"id", "request_id"}
    else:
        with pytest.raises(ValueError, match=r"Unterminated|Expecting"):
            answer.json()


async def test_polls_at_replicate(call):
    faults = [{"on": "poll", "fault": "reset"}, {"on": "poll", "fault": "unknown-status", "nth": 2},
              {"on": "result", "fault": "500", "nth": 2}]  # fmt: skip
    caller = call(faults=faults)
    url = (await caller.predict()).json()["urls"]["get"]
    with pytest.raises(httpx.ReadError):
        await caller.replicate("GET", url)
    assert (await caller.replicate("GET", url)).json()["status"] == "hibernating"
    assert (await caller.replicate("GET", url)).status_code == 500
    assert (await caller.replicate("GET", url)).json()["status"] == "succeeded"


async def test_polls_at_fal(call):
    faults = [{"on": "poll", "fault": "unknown-status"}, {"on": "poll", "fault": "503", "nth": 2},
              {"on": "result", "fault": "result-5xx"}]  # fmt: skip
    caller = call(faults=faults)
    urls = (await caller.submit()).json()
    assert (await caller.fal("GET", urls["status_url"])).json()["status"] == "hibernating"
    assert (await caller.fal("GET", urls["status_url"])).status_code == 503
    assert (await caller.fal("GET", urls["status_url"])).json()["status"] == "COMPLETED"
    assert (await caller.fal("GET", urls["response_url"])).status_code == 500
    assert (await caller.fal("GET", urls["response_url"])).status_code == 200


@pytest.mark.parametrize("action", ["upload", "cancel", "list"])
async def test_other_actions(call, action):
    caller = call(faults=[{"on": action, "fault": "500", "times": 2}], latency=8)
    prediction, request = (await caller.predict()).json(), (await caller.submit()).json()
    history = "/v1/models/requests/by-endpoint?endpoint_id=acme/film"
    token = {"Authorization": "Bearer sandbox-upload-token"}
    answers = {
        "upload": [await caller.replicate("POST", "/files", files={"content": b"x"}),
                   await caller.http.post("https://v3.fal.media/files/upload", headers=token)],
        "cancel": [await caller.replicate("POST", prediction["urls"]["cancel"]),
                   await caller.fal("PUT", request["cancel_url"])],
        "list": [await caller.replicate("GET", "/predictions"),
                 await caller.fal("GET", history, host="api.fal.ai")],
    }  # fmt: skip
    failed = [name for name, two in answers.items() for each in two if each.status_code == 500]
    assert failed == [action, action]


async def _image_url(caller):
    return (await caller.result()).json()["images"][0]["url"]


@pytest.mark.parametrize("name", WIRE)
async def test_a_download_without_an_answer(call, name):
    caller = call(faults=[{"on": "download", "fault": name}])
    url = await _image_url(caller)
    with pytest.raises(WIRE[name]):
        await caller.http.get(url)
    assert (await caller.http.get(url)).status_code == 200


async def test_a_truncated_download_can_be_resumed(call):
    caller = call(faults=[{"on": "download", "fault": "truncated"}])
    url = await _image_url(caller)
    data = b""
    with pytest.raises(httpx.RemoteProtocolError):  # noqa: PT012  the half comes before the error
        async with caller.http.stream("GET", url) as answer:
            size = int(answer.headers["content-length"])
            async for piece in answer.aiter_raw():
                data += piece
    assert len(data) == size // 2
    rest = await caller.http.get(url, headers={"Range": f"bytes={len(data)}-"})
    assert rest.status_code == 206
    Image.open(BytesIO(data + rest.content)).load()


@pytest.mark.parametrize(
    ("fault", "content_type", "size"),
    [("html", "text/html; charset=utf-8", 89), ("empty", "image/png", 0),
     ("wrong-type", "audio/wav", None)],
)  # fmt: skip
async def test_a_download_of_something_else(call, fault, content_type, size):
    caller = call(faults=[{"on": "download", "fault": fault}])
    answer = await caller.http.get(await _image_url(caller))
    assert (answer.status_code, answer.headers["content-type"]) == (200, content_type)
    assert size in {None, len(answer.content)}


async def test_another_type_for_a_video_is_an_image(call):
    caller = call(faults=[{"on": "download", "fault": "wrong-type"}])
    url = (await caller.result("acme/film", duration=1)).json()["video"]["url"]
    assert (await caller.http.get(url)).headers["content-type"] == "image/png"


@pytest.mark.parametrize("file_format", ["png", "jpg", "webp"])
async def test_a_corrupt_image_keeps_its_first_bytes(call, file_format):
    caller = call(faults=[{"on": "download", "fault": "corrupt"}])
    (url,) = (await caller.prediction(output_format=file_format))["output"]
    corrupt, whole = (await caller.http.get(url)).content, (await caller.http.get(url)).content
    assert corrupt[:16] == whole[:16]
    assert len(corrupt) == len(whole)
    with pytest.raises((UnidentifiedImageError, OSError, SyntaxError)):
        Image.open(BytesIO(corrupt)).load()


@pytest.mark.parametrize(
    ("model", "field", "params"),
    [("acme/film", "video", {"duration": 1}), ("acme/voice", "audio", {"output_format": "wav"})],
)
async def test_corrupt_media_cannot_be_decoded(call, model, field, params):
    caller = call(faults=[{"on": "download", "fault": "corrupt"}])
    url = (await caller.result(model, **params)).json()[field]["url"]
    data = (await caller.http.get(url)).content
    with pytest.raises(av.FFmpegError), av.open(BytesIO(data)) as file:
        list(file.decode())


async def test_a_redirect_leads_back_or_elsewhere(call):
    elsewhere = "http://10.0.0.1/secret"
    second = {"nth": 2, "to": elsewhere, "status": 307}
    faults = [{"on": "download", "fault": "redirect", **more} for more in ({}, second)]
    caller = call(faults=faults)
    url = await _image_url(caller)
    answer = await caller.http.get(url)
    assert (answer.status_code, answer.headers["location"]) == (302, f"{url}?redirected=1")
    answer = await caller.http.get(f"{url}?a=1")
    assert (answer.status_code, answer.headers["location"]) == (307, elsewhere)


async def test_a_slow_download_is_whole(call):
    caller = call(faults=[{"on": "download", "fault": "slow", "seconds": 0.05}])
    url = await _image_url(caller)
    assert (await caller.http.get(url)).content == (await caller.http.get(url)).content


async def test_a_gone_download(call):
    faults = [{"on": "download", "fault": "gone", "times": 2}]
    caller = call(faults=faults)
    assert (await caller.http.get(await _image_url(caller))).status_code == 410
    (url,) = (await caller.prediction())["output"]
    assert (await caller.http.get(url)).status_code == 410


async def test_a_fault_of_one_model_spares_the_others_downloads(call):
    caller = call(faults=[{"on": "download", "fault": "gone", "model": "fal/acme/mesh"}])
    assert (await caller.http.get(await _image_url(caller))).status_code == 200
    url = (await caller.result("acme/mesh")).json()["model_mesh"]["url"]
    assert (await caller.http.get(url)).status_code == 410


async def test_what_is_forbidden_is_no_locked_account(call):
    caller = call(faults=[{"on": "submit", "fault": "403", "times": 2}])
    said = "You do not have permission to perform this action."
    assert (await caller.predict()).json()["detail"] == said
    assert (await caller.submit()).json() == {"detail": said}


HISTORY = "/v1/models/requests/by-endpoint?endpoint_id=acme/paint/fast"


@pytest.mark.parametrize(
    ("fault", "kept"),
    [("listed-twice", [1, 1]), ("unlisted", [0, 0]), ("missing-id", [0, 0])],
)
async def test_a_spoilt_list(call, fault, kept):
    caller = call(faults=[{"on": "list", "fault": fault, "times": 0}])
    prediction, request = (await caller.predict()).json(), (await caller.submit()).json()
    listed = (await caller.replicate("GET", "/predictions")).json()["results"]
    items = (await caller.fal("GET", HISTORY, host="api.fal.ai")).json()["items"]
    ids = [each.get("id") for each in listed], [each.get("request_id") for each in items]
    own = [ids[0].count(prediction["id"]), ids[1].count(request["request_id"])]
    assert (own, len(listed)) == (kept, {"listed-twice": 2, "unlisted": 0, "missing-id": 1}[fault])


async def test_nulls(call):
    caller = call(faults=[{"on": "submit", "fault": "nulls", "times": 2}])
    for submit in (caller.predict, caller.submit):
        assert set((await submit()).json().values()) == {None}


@pytest.mark.parametrize(
    ("fault", "line"),
    [
        ("unknown-status", b'"status": "hibernating"'),
        ("nulls", b'data: {"status": null'),
        ("missing-id", b'data: {"status": "COMPLETED", "response_url"'),
        ("corrupt", bytes(16)),
        ("truncated", b""),
        ("slow", b"COMPLETED"),
    ],
)
async def test_a_spoilt_stream_of_events(call, fault, line):
    caller = call(faults=[{"on": "poll", "fault": fault, "seconds": 0.05}])
    url = (await caller.submit()).json()["status_url"]
    data = b""
    with suppress(httpx.RemoteProtocolError):
        async with caller.http.stream(
            "GET", f"{url}/stream", headers={"Authorization": "Key k"}
        ) as answer:
            async for piece in answer.aiter_raw():
                data += piece
    whole = (await caller.fal("GET", f"{url}/stream")).content
    assert line in data
    assert (data == whole) == (fault == "slow")


async def test_a_file_has_no_fields_to_be_spoilt(call):
    caller = call(faults=[{"on": "download", "fault": "nulls"}])
    url = await _image_url(caller)
    assert (await caller.http.get(url)).content == (await caller.http.get(url)).content
