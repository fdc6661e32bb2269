"""Replicate's API: the shapes of its answers, and what it refuses."""

from datetime import UTC, datetime
from io import BytesIO

import pytest
from PIL import Image

VERSION = "c" * 64
PREDICTION = {"id", "model", "version", "input", "logs", "output", "data_removed", "error",
              "status", "created_at", "urls", "source"}  # fmt: skip


async def test_create(call):
    caller = call()
    answer = await caller.predict(num_outputs=2)
    body = answer.json()
    own = f"https://api.replicate.com/v1/predictions/{body['id']}"
    assert answer.status_code == 201
    assert answer.headers["ratelimit-remaining"] == "599"
    assert body.keys() == PREDICTION
    assert (body["model"], body["version"]) == ("acme/paint", "hidden")
    assert (body["status"], body["output"], body["logs"]) == ("starting", None, "")
    assert body["input"] == {"prompt": "a lighthouse", "num_outputs": 2}
    assert body["created_at"] == "2026-09-21T14:13:20.000Z"
    assert (body["urls"]["get"], body["urls"]["cancel"]) == (own, f"{own}/cancel")


async def test_succeeded(call):
    body = await call().prediction(num_outputs=2)
    assert body.keys() == PREDICTION | {"started_at", "completed_at", "metrics"}
    assert body["status"] == "succeeded"
    assert body["metrics"] == {"predict_time": 1.0, "total_time": 1.0, "image_output_count": 2}
    assert [url.split("/")[2] for url in body["output"]] == ["replicate.delivery"] * 2


async def test_status_moves_by_the_clock(call):
    caller = call(latency=8)
    created = (await caller.predict()).json()
    seen = []
    for _ in range(5):
        answer = await caller.replicate("GET", created["urls"]["get"])
        seen.append((answer.json()["status"], "started_at" in answer.json()))
        caller.clock.now += 2
    assert seen == [("starting", False), *[("processing", True)] * 3, ("succeeded", True)]


@pytest.mark.parametrize(
    ("model", "params", "metrics"),
    [
        ("acme/film", {"duration": 8, "resolution": "480p"},
         {"video_output_count": 1, "video_output_duration_seconds": 8.0,
          "resolution_target": "480p"}),
        ("acme/talk", {"prompt": "x" * 40}, {"token_input_count": 11, "token_output_count": 14}),
        ("acme/parts", {"prompt": "hello"},
         {"audio_output_count": 2, "audio_output_duration_seconds": 10.0,
          "character_input_count": 5}),
        ("acme/facts", {}, {"generic_output_count": 1}),
    ],
)  # fmt: skip
async def test_metrics(call, model, params, metrics):
    body = await call().prediction(model, **params)
    assert body["metrics"] == {"predict_time": 1.0, "total_time": 1.0, **metrics}


@pytest.mark.parametrize("authorization", [None, "Token r8", "Bearer", "Key r8", "Bearer bad-r8"])
async def test_401(call, authorization):
    headers = {"Authorization": authorization} if authorization else {}
    answer = await call().http.get("https://api.replicate.com/v1/account", headers=headers)
    assert answer.status_code == 401
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json() == {"title": "Unauthenticated", "status": 401,
                             "detail": "You did not pass a valid authentication token"}  # fmt: skip


async def test_402(call):
    caller = call()
    body = {"input": {"prompt": "x"}}
    answer = await caller.replicate(
        "POST", "/models/acme/paint/predictions", key="broke-r8", json=body
    )
    assert (answer.status_code, answer.json()["title"]) == (402, "Insufficient credit")
    assert not caller.sandbox.works


@pytest.mark.parametrize(
    ("version", "status"),
    [("acme/paint", 201), (VERSION, 201), (f"acme/slow:{VERSION}", 201), ("acme/slow", 422),
     ("acme/none", 422), ("d" * 64, 422), (f"acme/paint:{VERSION}", 422)],
)  # fmt: skip
async def test_create_by_version(call, version, status):
    body = {"version": version, "input": {"prompt": "x"}}
    answer = await call().replicate("POST", "/predictions", json=body)
    assert answer.status_code == status
    if status == 422:
        assert answer.json()["title"] == "Invalid version or not permitted"


@pytest.mark.parametrize(
    "path",
    ["/models/acme/slow/predictions", "/models/acme/none/predictions",
     "/deployments/acme/paint/predictions", "/nothing"],
)  # fmt: skip
async def test_404(call, path):
    answer = await call().replicate("POST", path, json={"input": {"prompt": "x"}})
    assert (answer.status_code, answer.json()["status"]) == (404, 404)


async def test_body_is_strict_at_the_top(call):
    answer = await call().replicate("POST", "/predictions", json={"model": "x", "input": {}})
    assert answer.status_code == 422
    assert answer.json() == {
        "title": "Input validation failed",
        "detail": "- version is required\n- Additional property model is not allowed\n",
        "status": 422,
        "invalid_fields": [
            {"type": "required", "field": "", "description": "version is required"},
            {"type": "additional_property_not_allowed", "field": "",
             "description": "Additional property model is not allowed"},
        ],
    }  # fmt: skip


@pytest.mark.parametrize(
    ("params", "kind", "field", "description"),
    [
        ({"prompt": "x", "output_format": "bmp"}, "enum", "input.output_format",
         'output_format must be one of the following: "webp", "jpg", "png"'),
        ({}, "required", "input", "prompt is required"),
        ({"prompt": "x", "num_outputs": 9}, "number_lte", "input.num_outputs",
         "Must be less than or equal to 4"),
        ({"prompt": "x", "num_outputs": 0}, "number_gte", "input.num_outputs",
         "Must be greater than or equal to 1"),
        ({"prompt": "x", "num_outputs": "2"}, "invalid_type", "input.num_outputs",
         "Invalid type. Expected: integer, given: string"),
        ({"prompt": "x", "image": "cat.png"}, "format", "input.image",
         "Does not match format 'uri'"),
        ({"prompt": "x", "style": "a"}, "string_gte", "input.style",
         "String length must be greater than or equal to 2"),
        ({"prompt": "x", "style": "abcde"}, "string_lte", "input.style",
         "String length must be less than or equal to 4"),
        ({"prompt": "x", "seed": 3}, "multiple_of", "input.seed", "Does not match 'multipleOf'"),
        ({"prompt": None}, "invalid_type", "input.prompt",
         "Invalid type. Expected: string, given: null"),
    ],
)  # fmt: skip
async def test_input_is_checked(call, params, kind, field, description):
    caller = call()
    answer = await caller.replicate(
        "POST", "/models/acme/paint/predictions", json={"input": params}
    )
    assert answer.status_code == 422
    assert answer.json()["invalid_fields"] == [
        {"type": kind, "field": field, "description": description}
    ]
    assert answer.json()["detail"] == f"- {field}: {description}\n"
    assert caller.sandbox.billing.charges == ()


@pytest.mark.parametrize(
    ("content", "status"), [(b"no json", 400), (b"[]", 400), (b'{"input": []}', 422)]
)
async def test_unreadable_body(call, content, status):
    answer = await call().replicate("POST", "/models/acme/paint/predictions", content=content)
    assert answer.status_code == status


async def test_unknown_inputs_are_ignored(call):
    assert (await call().predict(nonsense=1)).status_code == 201


@pytest.mark.parametrize(
    ("cancel_after", "at", "status"),
    [("15s", 14, "processing"), ("15s", 15, "canceled"), ("5s", 5, "aborted"),
     ("1m", 40, "succeeded"), ("nonsense", 40, "succeeded"), ("1800", 40, "succeeded")],
)  # fmt: skip
async def test_cancel_after(call, cancel_after, at, status):
    caller = call(latency=32)
    created = await caller.replicate(
        "POST", "/models/acme/paint/predictions", json={"input": {"prompt": "x"}},
        headers={"Cancel-After": cancel_after},
    )  # fmt: skip
    caller.clock.now += at
    body = (await caller.replicate("GET", created.json()["urls"]["get"])).json()
    assert body["status"] == status


async def test_a_deadline_under_five_seconds_is_refused(call):
    caller = call()
    answer = await caller.replicate(
        "POST", "/models/acme/paint/predictions", json={"input": {"prompt": "x"}},
        headers={"Cancel-After": "4s"},
    )  # fmt: skip
    assert (answer.status_code, caller.sandbox.works) == (400, {})


@pytest.mark.parametrize(
    ("at", "before", "after"), [(0, "starting", "canceled"), (4, "processing", "canceled"),
                                (8, "succeeded", "succeeded")],
)  # fmt: skip
async def test_cancel(call, at, before, after):
    caller = call(latency=8)
    created = (await caller.predict()).json()
    caller.clock.now += at
    assert (await caller.replicate("GET", created["urls"]["get"])).json()["status"] == before
    answer = await caller.replicate("POST", created["urls"]["cancel"])
    assert (answer.status_code, answer.json()["status"]) == (200, after)


async def test_looking_for_what_is_not_there(call):
    caller = call()
    fal_id = (await caller.submit()).json()["request_id"]
    for path in ("/predictions/none", f"/predictions/{fal_id}"):
        assert (await caller.replicate("GET", path)).status_code == 404
        assert (await caller.replicate("POST", f"{path}/cancel")).status_code == 404


async def test_list_is_newest_first_in_pages_of_100(call):
    caller = call()
    for number in range(101):
        await caller.predict(seed=2 * number)
    first = (await caller.replicate("GET", "/predictions")).json()
    assert [each["input"]["seed"] for each in first["results"]] == list(range(200, 0, -2))
    assert first["previous"] is None
    second = (await caller.replicate("GET", first["next"])).json()
    assert [each["input"]["seed"] for each in second["results"]] == [0]
    assert second["next"] is None
    assert (await caller.replicate("GET", second["previous"])).json() == first


async def test_list_by_time(call):
    caller = call()
    for number in range(4):
        await caller.predict(seed=2 * number)
        caller.clock.now += 60
    start = datetime.fromtimestamp(1_790_000_000, UTC)
    query = {"created_after": start.isoformat(), "created_before": "2026-09-21T14:16:20Z"}
    found = (await caller.replicate("GET", "/predictions", params=query)).json()
    assert [each["input"]["seed"] for each in found["results"]] == [4, 2]
    query = {"created_after": "nonsense"}
    assert (await caller.replicate("GET", "/predictions", params=query)).json()["results"] == []


async def test_data_is_removed_after_an_hour(call):
    caller = call()
    created = (await caller.predict()).json()
    (url,) = (await caller.replicate("GET", created["urls"]["get"])).json()["output"]
    caller.clock.now += 3600
    body = (await caller.replicate("GET", created["urls"]["get"])).json()
    assert (body["status"], body["data_removed"]) == ("succeeded", True)
    assert (body["input"], body["output"], body["logs"]) == ({}, None, None)
    assert body["metrics"]["image_output_count"] == 1
    assert (await caller.http.get(url)).status_code == 404


async def test_prefer_wait_answers_with_inline_files_and_no_end(call):
    answer = await call().replicate(
        "POST", "/models/acme/paint/predictions", json={"input": {"prompt": "x"}},
        headers={"Prefer": "wait=5"},
    )  # fmt: skip
    assert answer.headers["preference-applied"] == "wait=5"
    assert answer.json()["status"] == "processing"
    assert answer.json()["output"][0].startswith("data:image/webp;base64,")
    assert "metrics" not in answer.json()


async def test_prefer_wait_shows_a_failure(call):
    caller = call(faults=[{"on": "result", "fault": "failed"}])
    answer = await caller.replicate(
        "POST", "/models/acme/paint/predictions", json={"input": {"prompt": "x"}},
        headers={"Prefer": "wait"},
    )  # fmt: skip
    assert answer.headers["preference-applied"] == "wait=60"
    assert answer.json()["status"] == "failed"


async def test_webhook_is_echoed(call):
    caller = call()
    body = {"input": {"prompt": "x"}, "webhook": "https://example.com/hook?job=1"}
    answer = await caller.replicate("POST", "/models/acme/paint/predictions", json=body)
    assert answer.json()["webhook"] == "https://example.com/hook?job=1"


@pytest.mark.parametrize("file_format", ["webp", "jpg", "png"])
async def test_output_is_what_was_asked_for(call, file_format):
    caller = call()
    body = await caller.prediction(output_format=file_format, aspect_ratio="16:9")
    answer = await caller.http.get(body["output"][0])
    picture = Image.open(BytesIO(answer.content))
    assert picture.size == (1368, 768)
    assert answer.headers["content-type"] == picture.get_format_mimetype()


async def test_account_and_hardware(call):
    caller = call()
    account = await caller.replicate("GET", "/account")
    assert account.json().keys() == {"type", "username", "name", "github_url"}
    assert account.headers["ratelimit-remaining"] == "2999"
    hardware = (await caller.replicate("GET", "/hardware")).json()
    assert all(each.keys() == {"sku", "name"} for each in hardware)


async def test_files(call):
    caller = call()
    files = {"content": ("cat é.bin", b"\r\n--x\r\n\x00\xff", "image/png")}
    form = {"metadata": '{"job": 1}'}
    created = await caller.replicate("POST", "/files", files=files, data=form)
    body = created.json()
    assert created.status_code == 201
    assert body.keys() == {"id", "name", "content_type", "size", "checksums", "metadata",
                           "created_at", "expires_at", "urls"}  # fmt: skip
    assert (body["size"], body["content_type"], body["metadata"]) == (9, "image/png", {"job": 1})
    assert (await caller.replicate("GET", body["urls"]["get"])).json() == body
    assert (await caller.replicate("GET", "/files")).json()["results"] == [body]
    link = f"{body['urls']['get']}/download?owner=acme&expiry=1&signature=s"
    assert (await caller.http.get(link)).content == b"\r\n--x\r\n\x00\xff"
    assert (await caller.replicate("DELETE", body["urls"]["get"])).status_code == 204
    assert (await caller.replicate("GET", body["urls"]["get"])).status_code == 404
    assert (await caller.replicate("DELETE", body["urls"]["get"])).status_code == 404


async def test_uploads_expire_after_a_day(call):
    caller = call()
    created = await caller.replicate("POST", "/files", files={"content": b"x"})
    caller.clock.now += 24 * 3600
    assert (await caller.replicate("GET", created.json()["urls"]["get"])).status_code == 404


@pytest.mark.parametrize(
    "more", [{"content": b"x"}, {"files": {"other": b"x"}}, {"json": {"content": "x"}}]
)
async def test_upload_without_content(call, more):
    answer = await call().replicate("POST", "/files", **more)
    assert (answer.status_code, answer.json()["detail"]) == (400, "Missing content")


async def test_upload_over_100_mb(call):
    large = b"x" * (100 * 1024 * 1024 + 1)
    answer = await call().replicate("POST", "/files", files={"content": large})
    assert answer.status_code == 413


async def test_model(call):
    caller = call()
    body = (await caller.replicate("GET", "/models/acme/paint")).json()
    assert (body["owner"], body["name"], body["is_official"]) == ("acme", "paint", True)
    schemas = body["latest_version"]["openapi_schema"]["components"]["schemas"]
    given = schemas["Input"]["properties"]
    assert schemas["Input"]["required"] == ["prompt"]
    reference = {"$ref": "#/components/schemas/output_format"}
    assert given["output_format"] == {"allOf": [reference], "default": "webp", "x-order": 2}
    assert schemas["output_format"]["enum"] == ["webp", "jpg", "png"]
    assert given["image"] == {
        "title": "Image", "type": "string", "format": "uri", "x-order": 4}  # fmt: skip
    assert schemas["Output"]["items"] == {"type": "string", "format": "uri"}


@pytest.mark.parametrize(
    ("name", "output"),
    [
        ("film", {"title": "Output", "type": "string", "format": "uri"}),
        ("talk", {"title": "Output", "type": "array", "items": {"type": "string"},
                  "x-cog-array-type": "iterator", "x-cog-array-display": "concatenate"}),
        ("parts", {"title": "Output", "type": "object",
                   "properties": {"audio": {"type": "string", "format": "uri"},
                                  "spectrogram": {"type": "string", "format": "uri"}}}),
        ("facts", {"title": "Output", "type": "object",
                   "properties": {"srt_file": {"type": "string", "format": "uri"}}}),
    ],
)  # fmt: skip
async def test_output_schema(call, name, output):
    body = (await call().replicate("GET", f"/models/acme/{name}")).json()
    schemas = body["latest_version"]["openapi_schema"]["components"]["schemas"]
    assert schemas["Output"] == output


async def test_versions_of_a_community_model(call):
    caller = call()
    listed = (await caller.replicate("GET", "/models/acme/slow/versions")).json()
    one = await caller.replicate("GET", f"/models/acme/slow/versions/{VERSION}")
    assert [each["id"] for each in listed["results"]] == [VERSION]
    assert one.json() == listed["results"][0]


@pytest.mark.parametrize(
    ("path", "detail"),
    [
        ("acme/paint/versions",
         "This model is an official model and does not expose a list of versions."),
        ("acme/none/versions", "The requested resource could not be found."),
        ("acme/none", "The requested resource could not be found."),
        ("acme/slow/versions/1", "The requested resource could not be found."),
    ],
)  # fmt: skip
async def test_models_that_are_not_there(call, path, detail):
    answer = await call().replicate("GET", f"/models/{path}")
    assert (answer.status_code, answer.json()["detail"]) == (404, detail)
