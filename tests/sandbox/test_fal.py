"""fal's APIs: the shapes of their answers, and what they refuse."""

import asyncio
import hashlib
import json
from datetime import UTC, datetime
from uuid import UUID

import pytest

URLS = {"response_url", "status_url", "cancel_url"}


async def test_submit(call):
    answer = await call().submit()
    body = answer.json()
    own = f"https://queue.fal.run/acme/paint/requests/{body['request_id']}"
    assert answer.status_code == 200
    assert answer.headers["x-fal-request-id"] == body["request_id"]
    assert body == {
        "status": "IN_QUEUE",
        "request_id": body["request_id"],
        "queue_position": 0,
        "response_url": own,
        "status_url": f"{own}/status",
        "cancel_url": f"{own}/cancel",
        "logs": None,
        "metrics": {},
    }


async def test_a_request_id_begins_with_the_millisecond_of_the_submit(call):
    caller = call()
    ids = [UUID((await caller.submit()).json()["request_id"]) for _ in range(2)]
    assert len(set(ids)) == 2
    assert {(each.int >> 80, each.version) for each in ids} == {(1_790_000_000_000, 7)}


async def test_status_moves_by_the_clock(call):
    caller = call(latency=8)
    submitted = (await caller.submit()).json()
    seen = []
    for _ in range(3):
        answer = await caller.fal("GET", submitted["status_url"], params={"logs": 1})
        seen.append((answer.status_code, answer.json()))
        caller.clock.now += 4
    shown = {key: submitted[key] for key in ("request_id", *URLS)}
    line = {"message": "SANDBOX", "level": "INFO", "source": "RUNNER",
            "timestamp": "2026-09-21T14:13:22.000+00:00"}  # fmt: skip
    assert seen == [
        (202, {"status": "IN_QUEUE", "queue_position": 0, "logs": None, "metrics": {}, **shown}),
        (202, {"status": "IN_PROGRESS", "logs": [line], "metrics": {}, **shown}),
        (200, {"status": "COMPLETED", "logs": [line], "metrics": {"inference_time": 6.0}, **shown}),
    ]


async def test_logs_only_when_asked_for(call):
    caller = call()
    submitted = (await caller.submit()).json()
    answer = await caller.fal("GET", submitted["status_url"], params={"logs": "false"})
    assert answer.json()["logs"] is None


async def test_result(call):
    caller = call()
    answer = await caller.result(num_images=2, image_size="portrait_16_9", seed=7)
    body = answer.json()
    assert answer.status_code == 200
    assert answer.headers["x-fal-billable-units"] == "2.0"
    assert answer.headers["x-robots-tag"] == "noindex"
    assert UUID(answer.headers["x-fal-served-from"])
    assert body.keys() == {"images", "seed", "timings", "has_nsfw_concepts", "prompt"}
    assert body["images"][0].keys() == {
        "url", "content_type", "file_name", "file_size", "width", "height"}  # fmt: skip
    assert [(each["width"], each["height"]) for each in body["images"]] == [(576, 1024)] * 2
    file = await caller.http.get(body["images"][0]["url"])
    assert len(file.content) == body["images"][0]["file_size"]
    assert file.headers["content-type"] == body["images"][0]["content_type"]


async def test_result_of_a_video(call):
    caller = call()
    body = (await caller.result("acme/film", duration="2s")).json()
    assert body["video"]["url"].startswith("https://v3.fal.media/files/")
    assert (body["video"]["duration"], body["video"]["width"]) == (2.0, 1280)
    assert (await caller.result("acme/link")).json().keys() == {"video_url"}


async def test_result_before_the_end(call):
    answer = await call(latency=8).result()
    assert (answer.status_code, answer.json()) == (400, {"detail": "Request is still in progress"})


async def test_stream_ends_with_completed(call):
    caller = call(latency=8)
    submitted = (await caller.submit()).json()
    reading = asyncio.create_task(caller.fal("GET", f"{submitted['status_url']}/stream"))
    for _ in range(2):
        await asyncio.sleep(0.15)
        caller.clock.now += 4
    answer = await asyncio.wait_for(reading, 2)
    events = [json.loads(line[6:]) for line in answer.text.split("\n\n") if line]
    assert answer.headers["content-type"].startswith("text/event-stream")
    assert [event["status"] for event in events] == ["IN_QUEUE", "IN_PROGRESS", "COMPLETED"]


@pytest.mark.parametrize(
    ("at", "status", "said", "end"),
    [(0, 202, "CANCELLATION_REQUESTED", 499), (4, 202, "CANCELLATION_REQUESTED", 499),
     (8, 400, "ALREADY_COMPLETED", 200)],
)  # fmt: skip
async def test_cancel(call, at, status, said, end):
    caller = call(latency=8)
    submitted = (await caller.submit()).json()
    caller.clock.now += at
    answer = await caller.fal("PUT", submitted["cancel_url"])
    assert (answer.status_code, answer.json()) == (status, {"status": said})
    assert (await caller.fal("GET", submitted["response_url"])).status_code == end


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", ""), ("GET", "/status"), ("GET", "/status/stream"), ("PUT", "/cancel")],
)
async def test_unknown_request(call, method, path):
    caller = call()
    replicate_id = (await caller.predict()).json()["id"]
    for request_id in ("none", replicate_id):
        answer = await caller.fal(method, f"/acme/paint/requests/{request_id}{path}")
        assert (answer.status_code, answer.json()) == (404, {"status": "NOT_FOUND"})


@pytest.mark.parametrize(
    ("path", "body"),
    [("acme/none/fast", b'{"detail":"Application \\"none\\" not found"}'), ("undefined", b"")],
)
@pytest.mark.parametrize("host", ["queue.fal.run", "fal.run"])
async def test_unknown_app(call, host, path, body):
    answer = await call().fal("POST", f"/{path}", host=host, json={})
    assert (answer.status_code, answer.content) == (404, body)
    assert not [name for name in answer.headers if name.startswith("x-fal")]


async def test_a_path_that_its_app_has_not_is_taken_and_refused_at_the_result(call):
    caller = call()
    submitted = (await caller.submit("acme/paint/v2/none")).json()
    status = (await caller.fal("GET", submitted["status_url"])).json()
    answer = await caller.fal("GET", submitted["response_url"])
    assert (submitted["status"], status["status"]) == ("IN_QUEUE", "COMPLETED")
    assert (answer.status_code, answer.json()) == (404, {"detail": "Path /v2/none not found"})
    assert caller.sandbox.billing.total == 0


@pytest.mark.parametrize("ending", ["", "/status", "/status/stream"])
async def test_a_url_that_keeps_the_path_of_the_endpoint(call, ending):
    caller = call()
    request_id = (await caller.submit()).json()["request_id"]
    answer = await caller.fal("GET", f"/acme/paint/fast/requests/{request_id}{ending}")
    assert (answer.status_code, answer.headers["allow"], answer.content) == (405, "POST", b"")


@pytest.mark.parametrize("host", ["queue.fal.run", "fal.run"])
async def test_unreadable_body(call, host):
    answer = await call().fal("POST", "/acme/film", host=host, content=b"{")
    assert (answer.status_code, answer.json()["error_type"]) == (400, "bad_request")


@pytest.mark.parametrize("authorization", [None, "Bearer key", "Key", "Key bad-key"])
async def test_401(call, authorization):
    headers = {"Authorization": authorization} if authorization else {}
    answer = await call().http.post("https://queue.fal.run/acme/film", headers=headers, json={})
    assert answer.status_code == 401


@pytest.mark.parametrize("host", ["queue.fal.run", "fal.run"])
async def test_locked_account(call, host):
    caller = call()
    answer = await caller.fal("POST", "/acme/film", host=host, key="broke-key", json={})
    assert (answer.status_code, answer.json()) == (403, {"detail": (
        "User is locked. Reason: Exhausted balance. Top up your balance at "
        "fal.ai/dashboard/billing.")})  # fmt: skip
    assert not caller.sandbox.works


@pytest.mark.parametrize(
    ("params", "at", "kind", "message"),
    [
        ({"prompt": None}, ["body", "prompt"], "string_type", "Input should be a valid string"),
        ({"num_images": 9}, ["body", "num_images"], "less_than_equal",
         "Input should be less than or equal to 4"),
        ({"num_images": 0}, ["body", "num_images"], "greater_than_equal",
         "Input should be greater than or equal to 1"),
        ({"num_images": "x"}, ["body", "num_images"], "int_parsing",
         "Input should be a valid integer"),
        ({"image_size": 5}, ["body", "image_size"], "value_error", "Input is not valid"),
        ({"image_url": "cat.png"}, ["body", "image_url"], "file_download_error",
         "Failed to download the file. Please check if the URL is accessible."),
    ],
)  # fmt: skip
async def test_the_model_refuses_its_input(call, params, at, kind, message):
    caller = call()
    answer = await caller.result(**params)
    (detail,) = answer.json()["detail"]
    assert answer.status_code == 422
    assert answer.headers["x-fal-retryable"] == "false"
    free = "0" if kind == "file_download_error" else None
    assert answer.headers.get("x-fal-billable-units") == free
    assert (detail["loc"], detail["type"], detail["msg"]) == (at, kind, message)
    assert caller.sandbox.billing.total == 0


async def test_missing_input(call):
    caller = call()
    answer = await caller.fal("POST", "/acme/film", host="fal.run", json={})
    assert answer.status_code == 422
    assert answer.json() == {"detail": [{
        "loc": ["body", "prompt"], "msg": "Field required", "type": "missing", "input": {},
        "url": "https://docs.fal.ai/errors#missing"}]}  # fmt: skip


async def test_direct_run(call):
    caller = call()
    answer = await caller.fal("POST", "/acme/say", host="fal.run", json={"prompt": "hi"})
    assert answer.json() == {"text": "SANDBOX: hi"}
    assert answer.headers["x-fal-request-id"] in caller.sandbox.works


async def test_direct_run_waits(call):
    caller = call(latency=8)
    running = asyncio.create_task(
        caller.fal("POST", "/acme/say", host="fal.run", json={"prompt": "hi"})
    )
    await asyncio.sleep(0.03)
    assert not running.done()
    caller.clock.now += 8
    assert (await asyncio.wait_for(running, 2)).status_code == 200


@pytest.mark.parametrize(("seconds", "status"), [("1.5", 504), ("60", 200), ("nonsense", 200)])
async def test_time_to_start(call, seconds, status):
    caller = call(latency=8)
    headers = {"X-Fal-Request-Timeout": seconds}
    body = {"prompt": "x"}
    submitted = await caller.fal("POST", "/acme/say", json=body, headers=headers)
    caller.clock.now += 8
    answer = await caller.fal("GET", submitted.json()["response_url"])
    assert answer.status_code == status
    if status == 504:
        assert answer.headers["x-fal-request-timeout-type"] == "user"
        assert caller.sandbox.billing.total == 0


async def _token(caller):
    path = "/storage/auth/token?storage_type=fal-cdn-v3"
    return (await caller.fal("POST", path, host="rest.fal.ai", json={})).json()


async def test_upload(call):
    caller = call()
    token = await _token(caller)
    assert token.keys() == {"token", "token_type", "base_url", "expires_at"}
    assert token["base_url"] == "https://v3.fal.media"
    assert datetime.fromisoformat(token["expires_at"]).timestamp() == caller.clock.now + 3600
    headers = {"Authorization": f"{token['token_type']} {token['token']}",
               "Content-Type": "image/png", "X-Fal-File-Name": "a/b.png"}  # fmt: skip
    url = f"{token['base_url']}/files/upload"
    answer = await caller.http.post(url, headers=headers, content=b"bytes")
    assert answer.json()["access_url"].endswith("/a_b.png")
    file = await caller.http.get(answer.json()["access_url"])
    assert (file.content, file.headers["content-type"]) == (b"bytes", "image/png")


async def test_upload_in_parts(call):
    caller = call()
    token = await _token(caller)
    headers = {"Authorization": f"Bearer {token['token']}"}
    begun = await caller.http.post(
        f"{token['base_url']}/files/upload/multipart", headers=headers, content=b""
    )
    parts = f"{begun.json()['access_url']}/multipart/{begun.json()['uploadId']}"
    tags = []
    for number, data in ((2, b"world"), (1, b"hello ")):
        put = await caller.http.put(f"{parts}/{number}", headers=headers, content=data)
        assert put.headers["etag"] == f'"{hashlib.md5(data).hexdigest()}"'
        tags.append({"partNumber": number, "etag": put.headers["etag"]})
    wrong = await caller.http.post(f"{parts}/complete", headers=headers, json={"parts": tags[:1]})
    assert wrong.status_code == 400
    done = await caller.http.post(f"{parts}/complete", headers=headers, json={"parts": tags})
    assert (await caller.http.get(done.json()["access_url"])).content == b"hello world"
    again = await caller.http.post(f"{parts}/complete", headers=headers, json={"parts": tags})
    assert again.status_code == 404
    assert (await caller.http.put(f"{parts}/1", headers=headers)).status_code == 404


async def test_initiated_upload(call):
    caller = call()
    path = "/storage/upload/initiate?storage_type=fal-cdn-v3"
    body = {"file_name": "a.txt", "content_type": "text/plain"}
    urls = (await caller.fal("POST", path, host="rest.fal.ai", json=body)).json()
    assert (await caller.http.put(urls["upload_url"], content=b"hi")).status_code == 200
    assert (await caller.http.get(urls["file_url"])).text == "hi"
    missing = await caller.http.put("https://v3.fal.media/files/none/a.txt", content=b"hi")
    assert missing.status_code == 404


@pytest.mark.parametrize("path", ["upload/initiate", "auth/token"])
async def test_invalid_storage_type(call, path):
    url = f"/storage/{path}?storage_type=gcs"
    answer = await call().fal("POST", url, host="rest.fal.ai", json={})
    assert (answer.status_code, answer.json()) == (400, {"detail": "Invalid storage type"})


async def test_upload_needs_the_token(call):
    answer = await call().fal("POST", "/files/upload", host="v3.fal.media", content=b"x")
    assert answer.status_code == 401


async def _history(caller, **query):
    path = "/v1/models/requests/by-endpoint"
    return await caller.fal("GET", path, host="api.fal.ai", params=query)


async def test_history(call):
    caller = call()
    submitted = (await caller.submit(seed=3)).json()
    found = (await _history(caller, endpoint_id="acme/paint/fast", expand="payloads")).json()
    (item,) = found["items"]
    assert (found["next_cursor"], found["has_more"]) == (None, False)
    assert item.keys() == {"request_id", "endpoint_id", "sent_at", "started_at", "ended_at",
                           "status_code", "duration", "json_input", "json_output"}  # fmt: skip
    assert (item["request_id"], item["status_code"]) == (submitted["request_id"], 200)
    assert item["json_input"] == {"prompt": "a lighthouse", "seed": 3}
    result = await caller.fal("GET", submitted["response_url"])
    assert item["json_output"] == result.json()


async def test_history_without_payloads_and_before_the_end(call):
    caller = call(latency=8)
    await caller.submit()
    (item,) = (await _history(caller, endpoint_id="acme/paint/fast")).json()["items"]
    assert item.keys() == {"request_id", "endpoint_id", "sent_at"}


async def test_history_is_filtered(call):
    caller = call(faults=[{"on": "result", "fault": "failed", "nth": 2},
                          {"on": "result", "fault": "moderated", "nth": 3}])  # fmt: skip
    ids = []
    for _ in range(3):
        ids.append((await caller.submit()).json()["request_id"])
        caller.clock.now += 60
    begun = datetime.fromtimestamp(1_790_000_000, UTC)
    one = {"endpoint_id": "acme/paint/fast"}
    queries = [
        ({}, [2, 1, 0]), ({"status": "success"}, [0]), ({"status": "error"}, [1]),
        ({"status": "user_error"}, [2]), ({"request_id": ids[1]}, [1]), ({"limit": 1}, [2]),
        ({"limit": 1, "cursor": "MQ"}, [1]), ({"cursor": "é"}, [2, 1, 0]),
        ({"end": begun.isoformat()}, []),
        ({"start": "2026-09-21T14:14:20Z"}, [2, 1]), ({"start": "nonsense"}, [2, 1, 0]),
    ]  # fmt: skip
    for query, expected in queries:
        items = (await _history(caller, **one, **query)).json()["items"]
        assert [ids.index(item["request_id"]) for item in items] == expected, query
    assert (await _history(caller, endpoint_id="acme/film")).json()["items"] == []
    refused = await _history(caller)
    assert (refused.status_code, refused.json()["error"]["type"]) == (400, "validation_error")
    turned = (await _history(caller, **one, limit=2)).json()
    assert (turned["next_cursor"], turned["has_more"]) == ("Mg", True)


async def test_history_without_a_stored_payload(call):
    caller = call()
    await caller.fal("POST", "/acme/say", json={"prompt": "x"}, headers={"X-Fal-Store-IO": "0"})
    found = await _history(caller, endpoint_id="acme/say", expand="payloads")
    assert "json_input" not in found.json()["items"][0]


async def test_running_requests_have_no_status_in_history(call):
    caller = call(latency=8)
    await caller.submit()
    found = await _history(caller, endpoint_id="acme/paint/fast", status="success")
    assert found.json()["items"] == []


async def test_catalogue(call):
    caller = call()
    everything = (await caller.http.get("https://api.fal.ai/v1/models")).json()
    assert len(everything["models"]) == 9
    query = {"endpoint_id": ["acme/film", "acme/none"], "expand": "openapi-3.0"}
    (one,) = (await caller.http.get("https://api.fal.ai/v1/models", params=query)).json()["models"]
    site = await caller.http.get(
        "https://fal.ai/api/openapi/queue/openapi.json", params={"endpoint_id": "acme/film"}
    )
    assert one["metadata"]["status"] == "active"
    assert one["openapi"] == site.json()


async def test_openapi(call):
    site = "https://fal.ai/api/openapi/queue/openapi.json"
    body = (await call().http.get(site, params={"endpoint_id": "acme/paint/fast"})).json()
    assert body["info"]["x-fal-metadata"]["endpointId"] == "acme/paint/fast"
    schemas = body["components"]["schemas"]
    post = body["paths"]["/acme/paint/fast"]["post"]
    reference = post["requestBody"]["content"]["application/json"]["schema"]["$ref"]
    assert reference == "#/components/schemas/AcmePaintFastInput"
    given, made = schemas["AcmePaintFastInput"], schemas["AcmePaintFastOutput"]
    assert given["x-fal-order-properties"][0] == "prompt"
    assert given["required"] == ["prompt"]
    assert given["properties"]["num_images"]["maximum"] == 4
    assert made["properties"]["images"]["items"]["properties"]["url"] == {"type": "string"}
    assert (await call().http.get(site)).status_code == 404


async def test_pricing(call):
    caller = call()
    path = "/v1/models/pricing"
    query = {"endpoint_id": ["acme/paint/fast"]}
    body = (await caller.fal("GET", path, host="api.fal.ai", params=query)).json()
    assert body == {"has_more": False, "next_cursor": None, "prices": [
        {"endpoint_id": "acme/paint/fast", "unit_price": 0.01, "unit": "images", "currency": "USD"},
    ]}  # fmt: skip
    query = {"endpoint_id": ["acme/paint/fast", "acme/none"]}
    one_unknown = await caller.fal("GET", path, host="api.fal.ai", params=query)
    none_named = await caller.fal("GET", path, host="api.fal.ai")
    nobody = await caller.http.get("https://api.fal.ai/v1/models/pricing")
    refused = [(each.status_code, each.json()["error"]["type"])
               for each in (one_unknown, none_named, nobody)]  # fmt: skip
    assert refused == [
        (404, "not_found"), (400, "validation_error"), (401, "authorization_error")]  # fmt: skip


async def test_nothing_here(call):
    answer = await call().http.get("https://fal.ai/nothing")
    assert (answer.status_code, answer.content) == (404, b"")
    answer = await call().http.get("https://api.fal.ai/v1/nothing")
    assert (answer.status_code, answer.json()["error"]["type"]) == (404, "not_found")


async def _own_list(caller, **query):
    return await caller.fal("GET", "/requests/", host="rest.fal.ai", params=query)


async def test_the_own_list_of_an_account(call):
    caller = call(latency=8, faults=[{"on": "result", "fault": "moderated", "nth": 2}])
    ids = [(await caller.submit(name, **params)).json()["request_id"]
           for name, params in (("acme/paint/fast", {"seed": 3}), ("acme/film", {}))]  # fmt: skip
    times = {"start_time": "2026-09-21T14:13:00Z", "end_time": "2026-09-21T14:20:00Z"}
    (running,) = (await _own_list(caller, **times, size=1)).json()["items"]
    assert (running["queued_at"], running["status_code"]) == ("2026-09-21T14:13:20.000Z", None)
    caller.clock.now += 8
    body = (await _own_list(caller, **times)).json()
    assert body | {"items": []} == {
        "items": [], "total": None, "page": 1, "size": 50, "pages": None}  # fmt: skip
    assert [each["request_id"] for each in body["items"]] == ids[::-1]
    refused, made = body["items"]
    told = ("endpoint", "status_code", "error_type", "billable_units", "billing_status", "cost")
    assert [made[name] for name in told] == ["acme/paint/fast", 200, None, 1.0, "PROCESSED", 0]
    assert [refused[name] for name in told] == [
        "acme/film", 422, "content_policy_violation", None, "PROCESSED", 0]  # fmt: skip
    assert made["json_input"] == {"prompt": "a lighthouse", "seed": 3}
    assert made["json_output"]["images"]
    one = await caller.fal("GET", f"/requests/{ids[0]}", host="rest.fal.ai")
    assert one.json() == made
    second = (await _own_list(caller, **times, page=2, size=1)).json()["items"]
    assert [each["request_id"] for each in second] == ids[:1]
    early = {"start_time": "2026-09-20T00:00:00Z", "end_time": "2026-09-21T00:00:00Z"}
    assert (await _own_list(caller, **early)).json()["items"] == []
    assert (await caller.fal("GET", "/requests/none", host="rest.fal.ai")).status_code == 404


async def test_usage_is_what_was_billed_by_day(call):
    caller = call()
    for name in ("acme/film", "acme/film", "acme/voice"):
        await caller.submit(name)
    day = {"timeframe": "day", "start": "2026-09-20T00:00:00Z", "end": "2026-09-21T23:59:59Z"}
    path = "/v1/models/usage"
    body = (await caller.fal("GET", path, host="api.fal.ai", params=day)).json()
    assert (body["next_cursor"], body["has_more"]) == (None, False)
    empty, full = body["time_series"]
    assert empty == {"bucket": "2026-09-20T00:00:00+00:00", "results": []}
    told = {each["endpoint_id"]: (each["quantity"], each["cost"]) for each in full["results"]}
    assert told["acme/film"] == (2, 0.8)
    first = await caller.fal("GET", path, host="api.fal.ai", params={**day, "limit": 1})
    assert first.json()["next_cursor"] == "MQ"
    counted = await caller.fal("GET", "/v1/models/analytics", host="api.fal.ai",
                               params={**day, "endpoint_id": "acme/film"})  # fmt: skip
    assert counted.json()["time_series"][1]["results"] == [
        {"endpoint_id": "acme/film", "request_count": 2}]  # fmt: skip
    nameless = await caller.fal("GET", "/v1/models/analytics", host="api.fal.ai")
    assert nameless.json()["error"]["type"] == "validation_error"


async def test_the_own_list_needs_both_times(call):
    answer = await _own_list(call(), start_time="2026-09-20T00:00:00Z")
    (detail,) = answer.json()["detail"]
    assert (answer.status_code, detail["loc"]) == (422, ["query", "end_time"])
