"""Every way in which an accepted inference can end, at both providers, and what it costs."""

from decimal import Decimal
from io import BytesIO

import pytest
from PIL import Image


def _fate(name, **more):
    return [{"on": "result", "fault": name, **more}]


@pytest.mark.parametrize(
    ("fate", "status", "error"),
    [
        ("failed", "failed", "CUDA out of memory. Try a smaller input. (E1001)"),
        ("failed-transient", "failed", "An unknown error occurred. Please retry. (E1000)"),
        ("interrupted", "failed", "Prediction interrupted; please retry (code: PA)"),
        ("moderated", "failed", "The input or output was flagged as sensitive. Please try again "
                                "with different inputs. (E005)"),
        ("completed-with-error", "failed", "The model ended with an error."),
        ("aborted", "aborted", None),
        ("canceled", "canceled", None),
    ],
)  # fmt: skip
async def test_ends_at_replicate(call, fate, status, error):
    caller = call(faults=_fate(fate))
    body = await caller.prediction()
    assert (body["status"], body["error"], body["output"]) == (status, error, None)
    assert caller.sandbox.billing.total == 0
    if status == "aborted":
        assert "started_at" not in body
        assert body["metrics"] == {"total_time": 0.0}
    elif status == "failed":
        assert body["metrics"]["image_output_count"] == 0


async def test_a_message_of_ones_own(call):
    caller = call(faults=_fate("failed", message="E9999"))
    assert (await caller.prediction())["error"] == "E9999"


@pytest.mark.parametrize(
    ("fate", "status", "kind", "retryable", "in_status"),
    [
        ("failed", 500, "internal_server_error", "false", False),
        ("failed-transient", 503, "runner_disconnected", "true", True),
        ("interrupted", 504, "generation_timeout", "true", False),
        ("moderated", 422, "content_policy_violation", "false", False),
        ("completed-with-error", 500, "runner_server_error", None, True),
        ("aborted", 504, "request_timeout", None, True),
        ("canceled", 499, "client_cancelled", None, False),
    ],
)
async def test_ends_at_fal(call, fate, status, kind, retryable, in_status):
    caller = call(faults=_fate(fate))
    urls = (await caller.submit()).json()
    seen = await caller.fal("GET", urls["status_url"])
    result = await caller.fal("GET", urls["response_url"])
    detail = result.json()["detail"]
    assert (seen.status_code, seen.json()["status"]) == (200, "COMPLETED")
    assert seen.json().get("error_type") == (kind if in_status else None)
    assert (result.status_code, result.headers.get("x-fal-retryable")) == (status, retryable)
    assert (detail[0]["type"] if isinstance(detail, list) else result.json()["error_type"]) == kind


async def test_fal_bills_moderated_requests_and_no_server_errors(call):
    caller = call(faults=[*_fate("moderated"), *_fate("failed", nth=2)])
    moderated = await caller.result()
    assert moderated.headers["x-fal-billable-units"] == "1.0"
    assert caller.sandbox.billing.total == Decimal("0.01")
    failed = await caller.result()
    assert "x-fal-billable-units" not in failed.headers
    assert caller.sandbox.billing.total == Decimal("0.01")


async def test_stuck(call):
    caller = call(faults=_fate("stuck", times=2), latency=8)
    prediction, request = (await caller.predict()).json(), (await caller.submit()).json()
    caller.clock.now += 1799
    assert (await caller.replicate("GET", prediction["urls"]["get"])).json()[
        "status"
    ] == "processing"
    assert (await caller.fal("GET", request["status_url"])).json()["status"] == "IN_PROGRESS"
    caller.clock.now += 1
    assert (await caller.replicate("GET", prediction["urls"]["get"])).json()["status"] == "canceled"


async def test_no_output(call):
    caller = call(faults=_fate("no-output", times=0))
    assert (await caller.prediction())["output"] == []
    assert (await caller.prediction("acme/film"))["output"] is None
    assert (await caller.result()).json()["images"] == []
    assert (await caller.result("acme/film")).json() == {"video": None}


async def test_data_removed(call):
    caller = call(faults=_fate("data-removed", times=0))
    body = await caller.prediction()
    assert (body["data_removed"], body["input"], body["output"]) == (True, {}, None)
    answer = await caller.result()
    assert (answer.status_code, answer.json()) == (404, {"status": "NOT_FOUND"})
    path = "/v1/models/requests/by-endpoint?endpoint_id=acme/paint/fast&expand=payloads"
    (item,) = (await caller.fal("GET", path, host="api.fal.ai")).json()["items"]
    assert "json_input" not in item


async def _is_black(caller, url):
    picture = Image.open(BytesIO((await caller.http.get(url)).content))
    colours = picture.convert("L").resize((8, 8)).getcolors()
    return max(colour for _, colour in colours) < 40


async def test_nsfw_flag_and_black_images(call):
    caller = call(faults=_fate("nsfw"))
    body = (await caller.result(num_images=2, prompt="x")).json()
    assert body["has_nsfw_concepts"] == [True, True]
    assert [await _is_black(caller, each["url"]) for each in body["images"]] == [True, True]


async def test_partial_moderation_at_fal(call):
    caller = call(faults=_fate("partial-moderation", times=0))
    body = (await caller.result(num_images=2, prompt="x")).json()
    assert body["has_nsfw_concepts"] == [True, False]
    assert [await _is_black(caller, each["url"]) for each in body["images"]] == [True, False]
    assert (await caller.result("acme/film", duration=1)).status_code == 200


async def test_partial_moderation_at_replicate(call):
    caller = call(faults=_fate("partial-moderation", times=0))
    body = await caller.prediction(num_outputs=3)
    assert len(body["output"]) == body["metrics"]["image_output_count"] == 2
    assert body["logs"] == "NSFW content detected in image 1\n"
    assert caller.sandbox.billing.total == Decimal("0.006")
    assert len((await caller.prediction())["output"]) == 1
