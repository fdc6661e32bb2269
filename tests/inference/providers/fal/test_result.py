"""Every family of fal's errors, and every way in which a completed request may have ended."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest

from vidi.errors import CredentialsError, PollError
from vidi.inference.providers.fal.error_codes import SERVER_TYPES
from vidi.inference.providers.fal.result import read_result
from vidi.inference.providers.provider import Failed, Running, Succeeded
from vidi.inference.providers.transport.answer import Answer

DONE = {"status": "COMPLETED", "metrics": {"inference_time": 1.5}}
METRICS = DONE["metrics"]


def answer(status, body=b"", **headers):
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Answer(status, {k.replace("_", "-"): v for k, v in headers.items()}, raw)


def item(kind, msg="because", loc=("body", "prompt")):
    return {"detail": [{"loc": list(loc), "msg": msg, "type": kind}]}


def test_a_success_carries_units_metrics_and_logs():
    status = DONE | {"logs": [{"message": "one"}, {"message": "two"}, 3]}
    poll = read_result(answer(200, {"images": []}, x_fal_billable_units="3.008"), status)
    assert poll == Succeeded(
        {"images": []}, metrics=METRICS, billable_units=Decimal("3.008"), logs="one\ntwo"
    )


@pytest.mark.parametrize("units", ["", "many", "nan", "inf"])
def test_units_that_are_no_number_are_unknown(units):
    assert read_result(answer(200, {"a": 1}, x_fal_billable_units=units), {}) == Succeeded({"a": 1})


@pytest.mark.parametrize(
    "early",
    [answer(400, {"detail": "Request is still in progress"}), answer(202, {"status": "IN_QUEUE"})],
)
def test_a_result_asked_for_too_early_runs_on(early):
    assert read_result(early, DONE) == Running("IN_PROGRESS")


@pytest.mark.parametrize("body", [b"", b"<html>", b"{"])
def test_an_unreadable_result_is_fetched_again(body):
    with pytest.raises(PollError, match="result cannot be read"):
        read_result(answer(200, body), DONE)


# Family A: the model's own errors


@pytest.mark.parametrize(
    ("kind", "named"),
    [
        ("content_policy_violation", "moderated"),
        ("no_media_generated", "failed"),
        ("image_too_small", "failed"),
        ("file_download_error", "failed"),
        ("missing", "failed"),
    ],
)
def test_a_model_error_is_told_with_its_type_and_place(kind, named):
    poll = read_result(answer(422, item(kind), x_fal_billable_units="1"), DONE)
    assert poll == Failed(
        named,
        f"prompt: because ({kind})",
        error_type=kind,
        metrics=METRICS,
        billable_units=Decimal(1),
    )


@pytest.mark.parametrize(
    ("headers", "transient"),
    [
        ({}, False),
        ({"x_fal_retryable": "true"}, True),
        ({"x_fal_retryable": "false"}, False),
        ({"x_fal_needs_retry": "1"}, True),
        ({"x_fal_needs_retry": "0"}, False),
    ],
)
def test_fal_says_whether_a_422_is_transient(headers, transient):
    poll = read_result(answer(422, item("face_detection_error"), **headers), DONE)
    assert poll.transient is transient
    assert not poll.free


@pytest.mark.parametrize("status", [500, 504])
def test_a_models_5xx_is_free_and_transient(status):
    poll = read_result(answer(status, item("generation_timeout")), DONE)
    assert (poll.kind, poll.transient, poll.free) == ("failed", True, True)


def test_a_models_5xx_is_not_transient_where_fal_says_so():
    poll = read_result(answer(500, item("internal_server_error"), x_fal_retryable="false"), DONE)
    assert (poll.transient, poll.free) == (False, True)


def test_a_5xx_with_billed_units_is_not_free():
    poll = read_result(answer(500, item("x"), x_fal_billable_units="2"), DONE)
    assert (poll.free, poll.billable_units) == (False, 2)


@pytest.mark.parametrize("status", [422, 500])
def test_a_failure_of_no_units_is_free(status):
    poll = read_result(answer(status, item("file_download_error"), x_fal_billable_units="0"), DONE)
    assert (poll.free, poll.billable_units) == (True, 0)


CHECKER = "The content could not be processed: it contained material flagged by a content checker"


@pytest.mark.parametrize(
    "detail",
    [
        [{"loc": ["body", "prompt"], "msg": CHECKER, "type": "content_policy_violation"}],
        [{"msg": CHECKER, "ctx": {"extra_info": {"reason": "partner_validation_failed"}}}],
        {"type": "content_policy_violation", "message": "no"},
        [{"msg": "partner_validation_failed"}],
        [{"msg": "The images may contain likenesses of real people", "type": "value_error"}],
        [{"msg": "Request blocked due to safety violations (harm).", "type": "value_error"}],
        [{"msg": "NSFW content detected", "type": "value_error"}],
        "Your prompt was blocked by the moderation",
    ],
    ids=str,
)
@pytest.mark.parametrize("status", [422, 400])
def test_every_recorded_word_of_a_content_filter_is_moderation(status, detail):
    assert read_result(answer(status, {"detail": detail}), DONE).kind == "moderated"


@pytest.mark.parametrize("units", [{}, {"x_fal_billable_units": "0"}])
def test_a_path_that_the_app_does_not_have_has_failed_for_nothing(units):
    poll = read_result(answer(404, {"detail": "Path /v2.2 not found"}, **units), DONE)
    assert (poll.kind, poll.error_type, poll.free) == ("failed", "path_not_found", True)
    assert poll.message.endswith("renamed or retired: Path /v2.2 not found")


@pytest.mark.parametrize(("word", "kind"), [("FAILED", "failed"), ("CANCELLED", "canceled")])
@pytest.mark.parametrize(
    ("reply", "said"),
    [
        (answer(422, item("string_too_long")), "prompt: because (string_too_long)"),
        (answer(422, {"detail": "because"}), "because"),
        (answer(404), "fal.ai gave no reason"),
        (answer(502, b"<html>"), "fal.ai gave no reason"),
        (answer(200, {"images": []}), "fal.ai gave no reason"),
    ],
)
def test_a_status_of_failure_has_failed_whatever_the_result_says(word, kind, reply, said):
    poll = read_result(reply, {"status": word})
    assert (poll.kind, poll.message, poll.free) == (kind, said, False)
    assert poll.output == ({"images": []} if reply.ok else None)


# Family B: the platform's errors


@pytest.mark.parametrize("kind", sorted(SERVER_TYPES))
@pytest.mark.parametrize("where", ["body", "header", "status"])
def test_a_platform_error_is_known_wherever_it_is_named(kind, where):
    body = {"detail": "because"} | ({"error_type": kind} if where == "body" else {})
    headers = {"x_fal_error_type": kind} if where == "header" else {}
    status = DONE | ({"error": "because", "error_type": kind} if where == "status" else {})
    poll = read_result(answer(503, body, **headers), status)
    assert poll == Failed(
        "failed", "because", error_type=kind, transient=True, free=True, metrics=METRICS
    )


@pytest.mark.parametrize("kind", ["client_cancelled", "client_disconnected"])
def test_a_cancelled_request_is_canceled(kind):
    poll = read_result(answer(499, {"detail": "gone", "error_type": kind}), DONE)
    assert (poll.kind, poll.free) == ("canceled", False)


# The status says it failed


@pytest.mark.parametrize("status", [200, 404, 500, 502])
def test_an_error_in_the_status_is_an_error_whatever_the_result_says(status):
    said = DONE | {"error": "CUDA out of memory", "error_type": "runner_server_error"}
    poll = read_result(answer(status, b""), said)
    assert poll == Failed(
        "failed",
        "CUDA out of memory",
        error_type="runner_server_error",
        transient=True,
        free=True,
        metrics=METRICS,
    )


def test_an_error_in_the_status_is_told_in_the_results_fuller_words():
    said = DONE | {"error": "Unprocessable Entity"}
    poll = read_result(answer(422, item("content_policy_violation", "flagged")), said)
    assert (poll.kind, poll.message) == (
        "moderated",
        "prompt: flagged (content_policy_violation)",
    )


# Old bodies, and the gateway's


@pytest.mark.parametrize(
    ("body", "message", "kind"),
    [
        ({"detail": "prompt too long"}, "prompt too long", ""),
        ({"error": {"message": "bad voice", "code": "voice"}}, "bad voice", "voice"),
        ({"error": "bad voice"}, "bad voice", ""),
        ({"detail": [{"type": "missing"}]}, "missing", "missing"),
        ({"detail": ["odd"]}, '{"detail": ["odd"]}', ""),
        ({"detail": {"type": "one", "message": "two"}}, "two (one)", "one"),
        ({"detail": {"msg": "two"}}, "two", ""),
        ({"error": {"type": "validation_error", "message": "no"}}, "no", "validation_error"),
    ],
)
def test_an_old_models_422_is_its_own(body, message, kind):
    assert read_result(answer(422, body), {}) == Failed("failed", message, error_type=kind)


@pytest.mark.parametrize("status", [301, 402, 403, 404, 408, 410, 429, 500, 502, 503, 504])
@pytest.mark.parametrize("body", [b"", b"<html>nginx", b'{"detail": "because"}'])
def test_a_bare_answer_of_the_way_is_fetched_again(status, body):
    with pytest.raises(PollError, match=f"fal.ai answered HTTP {status} for the result"):
        read_result(answer(status, body), DONE)


@pytest.mark.parametrize("status", [400, 413, 422])
def test_a_bare_refusal_that_is_not_json_is_fetched_again(status):
    with pytest.raises(PollError):
        read_result(answer(status, b"<html>"), DONE)


def test_a_5xx_that_fal_signed_is_the_models_own():
    poll = read_result(answer(500, {"detail": "boom"}, x_fal_request_id="r"), DONE)
    assert poll == Failed("failed", "boom", transient=True, free=True, metrics=METRICS)


def test_a_bare_401_is_about_the_key():
    with pytest.raises(CredentialsError, match="refused the key in FAL_KEY: no"):
        read_result(answer(401, {"detail": "no"}), DONE)


def test_a_models_own_401_is_about_the_request():
    poll = read_result(answer(401, item("downstream_key_missing")), DONE)
    assert (poll.kind, poll.error_type) == ("failed", "downstream_key_missing")


@pytest.mark.parametrize("status", [402, 403, 404, 408, 410, 425, 429])
def test_a_refused_look_with_an_error_type_is_still_about_the_look(status):
    body = {"detail": "slow down", "error_type": "concurrent_requests_limit"}
    with pytest.raises(PollError):
        read_result(answer(status, body, x_fal_needs_retry="1"), DONE)


def test_a_throttled_result_says_how_long_to_wait():
    with pytest.raises(PollError) as caught:
        read_result(answer(429, b"", retry_after="8"), DONE)
    assert caught.value.retry_after == 8
