"""fal over a real socket: looking, cancelling, finding again, uploading."""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from urllib.parse import parse_qs, urlsplit

import pytest

from inference.providers.conftest import SHORT, make_model, make_submission, settings_at
from support.servers.loopback import RESET, STALL, STALL_MIDWAY, Loopback, Reply, closed_port
from vidi.errors import CredentialsError, InferenceError, PollError, RejectedError
from vidi.inference.providers.fal.answers import derive_urls
from vidi.inference.providers.fal.history import read_kept
from vidi.inference.providers.provider import Accepted, Failed, Running, Succeeded

MODEL = make_model("fal")
ACCEPTED = Accepted("abc", derive_urls(MODEL.name, "abc"))
SSE = "text/event-stream"
COMPLETED = Reply(200, {"status": "COMPLETED"})
SINCE = datetime(2026, 11, 23, 12, 0, 0, tzinfo=UTC)
UNTIL = SINCE + timedelta(minutes=5)


@pytest.mark.parametrize(
    ("endpoint", "base"),
    [
        ("fal-ai/flux/dev", "https://queue.fal.run/fal-ai/flux/requests/r%2F1"),
        ("fal-ai/flux", "https://queue.fal.run/fal-ai/flux/requests/r%2F1"),
        ("workflows/me/mine/x", "https://queue.fal.run/workflows/me/mine/requests/r%2F1"),
        ("comfy/me/mine", "https://queue.fal.run/comfy/me/mine/requests/r%2F1"),
    ],
)
def test_urls_are_derived_from_owner_and_alias(endpoint, base):
    assert derive_urls(endpoint, "r/1") == {
        "status": f"{base}/status",
        "response": base,
        "cancel": f"{base}/cancel",
    }


@pytest.mark.parametrize(
    ("reply", "poll"),
    [
        (Reply(202, {"status": "IN_QUEUE", "queue_position": 3}), Running("IN_QUEUE", True, 3)),
        (Reply(200, {"status": "IN_QUEUE", "queue_position": 0}), Running("IN_QUEUE", True, 0)),
        (Reply(202, {"status": "IN_QUEUE"}), Running("IN_QUEUE")),
        (Reply(202, {"status": "IN_QUEUE", "queue_position": True}), Running("IN_QUEUE")),
        (Reply(202, {"status": "IN_PROGRESS", "logs": None}), Running("IN_PROGRESS")),
        (Reply(202, {"status": "IN_PROGRESS"}), Running("IN_PROGRESS")),
        (Reply(200, {"status": "PAUSED"}), Running("PAUSED", known=False)),
    ],
)
async def test_every_status_before_the_end(connect, reply, poll):
    async with Loopback(reply) as server:
        assert await connect("fal", f"{server.url}/pre").poll(MODEL, ACCEPTED) == poll
    paths = [asked.path for asked in server.asked]
    assert paths == ["/pre/fal-ai/flux/requests/abc/status?logs=false"]
    assert server.asked[0].headers["authorization"] == "Key fal-key-id:fal-key-secret"


async def test_a_completed_request_is_two_requests(connect):
    result = Reply(200, {"images": []}, {"X-Fal-Billable-Units": "1.5"})
    async with Loopback(COMPLETED, result) as server:
        poll = await connect("fal", server.url).poll(MODEL, ACCEPTED)
    assert poll == Succeeded({"images": []}, billable_units=Decimal("1.5"))
    assert [asked.path for asked in server.asked] == [
        "/fal-ai/flux/requests/abc/status?logs=false",
        "/fal-ai/flux/requests/abc",
    ]


async def test_a_completed_request_may_have_failed(connect):
    flagged = {"detail": [{"msg": "key fal-key-secret", "type": "content_policy_violation"}]}
    async with Loopback(COMPLETED, Reply(422, flagged)) as server:
        poll = await connect("fal", server.url).poll(MODEL, ACCEPTED)
    assert poll == Failed(
        "moderated",
        "key [FAL_KEY] (content_policy_violation)",
        error_type="content_policy_violation",
    )


@pytest.mark.parametrize("fault", [Reply(500), Reply(502, b"nginx"), RESET])
async def test_a_result_that_does_not_come_is_fetched_again(connect, fault):
    async with Loopback(COMPLETED, fault) as server:
        with pytest.raises(PollError):
            await connect("fal", server.url).poll(MODEL, ACCEPTED)
    assert len(server.asked) == 2 + (fault is RESET)  # an idempotent GET is sent once more


BOOM = {"detail": "boom", "error_type": "internal_error"}
ITEM = {"detail": [{"msg": "boom", "type": "internal_server_error"}]}
REFUSALS = [
    (Reply(400, b"<html>"), Failed("failed", "fal.ai answered HTTP 400 for the result: <html>",
                                   error_type="result_refused")),
    (Reply(500, BOOM), Failed("failed", "boom", error_type="internal_error")),
    (Reply(500, ITEM), Failed("failed", "boom (internal_server_error)",
                              error_type="internal_server_error", free=True)),
]  # fmt: skip


async def look_often(provider, times):
    """Look again and again; what the last look shows, and how many said nothing."""
    for before in range(times):
        with suppress(PollError):
            return await provider.poll(MODEL, ACCEPTED), before
    return None, times


@pytest.mark.parametrize(("refusal", "failed"), REFUSALS)
async def test_a_result_that_stays_refused_is_believed_and_never_bought_again(
    connect, refusal, failed
):
    async with Loopback(*[COMPLETED, refusal] * 6) as server:
        provider = connect("fal", server.url, timeouts=replace(SHORT, result=0))
        assert await look_often(provider, 9) == (failed, 5)


@pytest.mark.parametrize(("refusal", "failed"), REFUSALS)
async def test_only_a_models_own_error_is_believed_soon(connect, refusal, failed):
    async with Loopback(*[COMPLETED, refusal] * 9) as server:
        shown = await look_often(connect("fal", server.url), 9)
    assert shown == ((failed, 5) if failed.free else (None, 9))


@pytest.mark.parametrize("status", [402, 403, 408, 410, 425, 429])
async def test_a_refusal_by_a_gateway_is_never_believed(connect, status):
    async with Loopback(*[COMPLETED, Reply(status, BOOM)] * 9) as server:
        provider = connect("fal", server.url, timeouts=replace(SHORT, result=0))
        assert await look_often(provider, 9) == (None, 9)


@pytest.mark.parametrize(("word", "kind"), [("FAILED", "failed"), ("CANCELLED", "canceled")])
async def test_a_failure_in_the_status_is_asked_for_its_result_at_once(connect, word, kind):
    refused = Reply(422, {"detail": "because"})
    async with Loopback(Reply(200, {"status": word}), refused) as server:
        poll = await connect("fal", server.url).poll(MODEL, ACCEPTED)
    assert poll == Failed(kind, "because")


@pytest.mark.parametrize("status", [301, 400, 403, 408, 409, 422, 429, 500, 502, 503, 504])
async def test_a_status_that_is_not_2xx_says_nothing(connect, status):
    async with Loopback(Reply(status, {"status": "NOT_FOUND"})) as server:
        with pytest.raises(PollError, match=f"fal.ai answered HTTP {status}: "):
            await connect("fal", server.url).poll(MODEL, ACCEPTED)
    assert len(server.asked) == 1


NOT_FOUND = Reply(404, {"status": "NOT_FOUND"})
KEPT = {"request_id": "abc", "json_output": {"images": []}, "status_code": 200}


@pytest.mark.parametrize("script", [[NOT_FOUND], [COMPLETED, NOT_FOUND]])
async def test_an_expired_result_is_taken_from_the_history(connect, script):
    history = Reply(200, {"items": ["odd", {"request_id": "other"}, KEPT]})
    async with Loopback(*script, history) as server:
        poll = await connect("fal", server.url).poll(MODEL, ACCEPTED)
    assert poll == Succeeded({"images": []})
    asked = urlsplit(server.asked[-1].path)
    assert asked.path == "/v1/models/requests/by-endpoint"
    assert parse_qs(asked.query)["request_id"] == ["abc"]


@pytest.mark.parametrize(
    "history",
    [Reply(200, {"items": []}), Reply(200, b""), Reply(401), Reply(403), Reply(500), RESET],
    ids=str,
)
@pytest.mark.parametrize("script", [[NOT_FOUND], [COMPLETED, NOT_FOUND]])
async def test_what_nobody_knows_of_may_yet_appear(connect, script, history):
    async with Loopback(*script, history) as server:
        with pytest.raises(PollError, match=r"fal\.ai answered HTTP 404( for the result)?: "):
            await connect("fal", server.url).poll(MODEL, ACCEPTED)


async def test_a_models_own_404_is_no_expired_result(connect):
    own = Reply(404, {"detail": [{"msg": "no such voice", "type": "missing_voice"}]})
    async with Loopback(COMPLETED, own) as server:
        poll = await connect("fal", server.url).poll(MODEL, ACCEPTED)
    assert poll == Failed("failed", "no such voice (missing_voice)", error_type="missing_voice")


NOW = datetime(2026, 11, 23, 12, 0, 0, tzinfo=UTC)
GONE = "it succeeded, but fal.ai no longer keeps its result"


@pytest.mark.parametrize(
    ("item", "poll"),
    [
        (KEPT, Succeeded({"images": []})),
        (KEPT | {"status_code": None}, Succeeded({"images": []})),
        (KEPT | {"status_code": 422}, None),
        ({"ended_at": None}, None),
        ({"ended_at": "2026-11-23T11:55:00Z"}, None),
        ({"ended_at": "2026-11-23T11:54:00Z"}, Failed("failed", GONE, error_type="result_gone")),
        (
            {"ended_at": "2026-11-23T11:00:00", "status_code": 422},
            Failed("failed", "it ended with HTTP 422"),
        ),
        (
            {"ended_at": "2026-11-23T11:00:00Z", "status_code": 503},
            Failed("failed", "it ended with HTTP 503", free=True),
        ),
    ],
)
def test_the_history_tells_what_became_of_a_request(item, poll):
    assert read_kept(item, NOW) == poll


@pytest.mark.parametrize("body", [b"", b"<html>", {}, [], {"status": None}])
async def test_an_unreadable_status_says_nothing(connect, body):
    async with Loopback(Reply(200, body)) as server:
        with pytest.raises(PollError, match="status cannot be read"):
            await connect("fal", server.url).poll(MODEL, ACCEPTED)


async def test_a_status_that_does_not_come_says_nothing(connect):
    async with Loopback(STALL) as server:
        with pytest.raises(PollError, match=r"no answer from fal\.ai"):
            await connect("fal", server.url).poll(MODEL, ACCEPTED)


@pytest.mark.parametrize("script", [[Reply(401)], [COMPLETED, Reply(401)]])
async def test_a_refused_key_stops_everything(connect, script):
    async with Loopback(*script) as server:
        with pytest.raises(CredentialsError, match="refused the key in FAL_KEY"):
            await connect("fal", server.url).poll(MODEL, ACCEPTED)


@pytest.mark.parametrize(
    ("status", "agreed"), [(200, True), (202, True), (400, False), (404, False)]
)
async def test_cancel_says_whether_it_was_agreed_to(connect, status, agreed):
    async with Loopback(Reply(status, {"status": "X"})) as server:
        assert await connect("fal", server.url).cancel(ACCEPTED) is agreed
    assert (server.asked[0].method, server.asked[0].path) == (
        "PUT",
        "/fal-ai/flux/requests/abc/cancel",
    )


async def test_without_urls_there_is_no_cancel_and_no_stream(connect):
    provider = connect("fal", closed_port())
    assert not await provider.watch(Accepted("abc", {}), 1)
    with pytest.raises(PollError, match="abc cannot be cancelled: its URL is not known"):
        await provider.cancel(Accepted("abc", {}))


async def test_a_cancel_that_is_not_understood_is_a_poll_error(connect):
    async with Loopback(Reply(503)) as server:
        with pytest.raises(PollError):
            await connect("fal", server.url).cancel(ACCEPTED)
    assert len(server.asked) == 1


def events(*statuses):
    lines = "".join(f"event: x\ndata: {each}\n\n" for each in statuses)
    return Reply(200, lines.encode(), {"Content-Type": "text/event-stream"})


@pytest.mark.parametrize(
    ("reply", "told"),
    [
        (events('{"status": "IN_QUEUE"}', '{"status": "COMPLETED"}'), True),
        (events('{"status": "FAILED"}'), True),
        (events('{"status": "CANCELLED"}'), True),
        (events('{"status": "IN_PROGRESS"}'), False),
        (events("[]", "{", "COMPLETED"), False),
        (Reply(404, {"status": "COMPLETED"}), False),
        (Reply(500, b'data: {"status": "COMPLETED"}\n\n'), False),
        (RESET, False),
        (STALL, False),
        (STALL_MIDWAY, False),
    ],
    ids=str,
)
async def test_the_event_stream_tells_the_end(connect, reply, told):
    async with Loopback(reply) as server:
        seconds = 1 if reply in (STALL, STALL_MIDWAY) else 10
        assert await connect("fal", server.url).watch(ACCEPTED, seconds) is told
    asked = server.asked[0]
    assert asked.path == "/fal-ai/flux/requests/abc/status/stream"
    assert asked.headers["accept"] == "text/event-stream"
    assert asked.headers["authorization"] == "Key fal-key-id:fal-key-secret"


async def test_a_request_named_by_the_user_is_taken_up(connect):
    async with Loopback(Reply(202, {"status": "IN_QUEUE"})) as server:
        provider = connect("fal", server.url)
        accepted = provider.adopt(MODEL, "abc")
        assert await provider.poll(MODEL, accepted) == Running("IN_QUEUE")
        assert await provider.poll(MODEL, Accepted("abc", {})) == Running("IN_QUEUE")
    assert accepted == ACCEPTED


def listed(request_id="r1", **changes):
    item = {
        "request_id": request_id,
        "endpoint_id": MODEL.name,
        "sent_at": "2026-11-23T12:01:00Z",
        "json_input": {"prompt": "a cat"},
    }
    return item | changes


async def test_find_takes_exactly_equal_endpoint_input_and_time(connect):
    items = [
        listed("early", sent_at="2026-11-23T11:59:59.999Z"),
        listed("late", sent_at="2026-11-23T12:05:00.001+00:00"),
        listed("other-endpoint", endpoint_id="fal-ai/flux"),
        listed("other-input", json_input={"prompt": "a dog"}),
        listed("no-input", json_input=None),
        listed(None),
        "not an object",
        listed("r1"),
        listed("r2", sent_at=None, started_at="2026-11-23T12:01:00"),
        listed("r3", sent_at="when?"),
    ]
    async with Loopback(Reply(401), Reply(200, {"items": items, "next_cursor": None})) as server:
        found = await connect("fal", server.url).find(make_submission("fal"), SINCE, UNTIL)
    assert [each.request_id for each in found] == ["r1", "r2", "r3"]
    assert found[0].urls == derive_urls(MODEL.name, "r1")
    asked = urlsplit(server.asked[1].path)
    query = parse_qs(asked.query)
    assert asked.path == "/v1/models/requests/by-endpoint"
    assert query["endpoint_id"] == ["fal-ai/flux/dev"]
    assert query["start"] == ["2026-11-23T12:00:00.000000Z"]
    assert query["end"] > ["2026-11-23T12:05:00.000000Z"]
    assert query["expand"] == ["payloads"]


async def test_find_reads_every_page(connect):
    pages = [
        Reply(200, {"items": [listed("r1"), listed("r0")], "next_cursor": "c2", "has_more": True}),
        Reply(200, {"items": [listed("r0"), listed("r2")], "next_cursor": "c3", "has_more": False}),
    ]
    async with Loopback(Reply(401), *pages) as server:
        found = await connect("fal", server.url).find(make_submission("fal"), SINCE, UNTIL)
    assert [each.request_id for each in found] == ["r1", "r0", "r2"]
    assert parse_qs(urlsplit(server.asked[2].path).query)["cursor"] == ["c2"]


async def test_find_gives_up_on_a_list_without_end(connect):
    page = Reply(200, {"items": [], "next_cursor": "c"}, keep=True)
    async with Loopback(page) as server:
        with pytest.raises(PollError, match="over 5,000 requests in that time"):
            await connect("fal", server.url).find(make_submission("fal"), SINCE, UNTIL)


@pytest.mark.parametrize(
    "reply", [Reply(403, {"detail": "admin only"}), Reply(200, {}), Reply(500)]
)
async def test_a_history_that_cannot_be_read_is_a_poll_error(connect, reply):
    async with Loopback(reply) as server:
        with pytest.raises(PollError):
            await connect("fal", server.url).find(make_submission("fal"), SINCE, UNTIL)


def cdn(server_url, *, uploaded=None, token=None):
    """Answer as fal's storage and CDN do."""

    def answer(asked):
        if asked.path.startswith("/rest/storage/auth/token"):
            return token or Reply(
                200,
                {
                    "token": "cdn-token",
                    "token_type": "Bearer",
                    "base_url": f"{server_url()}/cdn",
                    "expires_at": "2100-01-01T00:00:00Z",
                },
            )
        url = {"access_url": f"{server_url()}/cdn/files/b/x.png"}
        if asked.path == "/cdn/files/upload/multipart":
            return Reply(200, url | {"uploadId": "u1"})
        if asked.method == "PUT":
            return Reply(200, b"", {"ETag": f"etag-{asked.path.rpartition('/')[2]}"})
        return uploaded or Reply(200, url)

    return answer


@pytest.fixture
async def storage(connect):
    """A provider, and the server that stands for fal's storage and CDN."""
    servers = []

    async def open_storage(**replies):
        server = Loopback(answer=cdn(lambda: server.url, **replies))
        servers.append(await server.start())
        settings = settings_at(
            closed_port(),
            VIDI_FAL_REST_URL=f"{server.url}/rest",
            VIDI_FAL_CDN_URL=f"{server.url}/cdn",
        )
        return connect("fal", "", settings=settings), server

    yield open_storage
    for server in servers:
        await server.__aexit__()


@pytest.fixture
def picture(tmp_path):
    path = tmp_path / "a.webp"
    path.write_bytes(b"webp")
    return path


async def test_an_upload_is_one_post_with_the_cdns_own_token(storage, picture):
    provider, server = await storage()
    assert await provider.upload(picture) == f"{server.url}/cdn/files/b/x.png"
    token, upload = server.asked
    assert token.headers["authorization"] == "Key fal-key-id:fal-key-secret"
    assert upload.path == "/cdn/files/upload"
    assert upload.headers["authorization"] == "Bearer cdn-token"
    assert upload.headers["content-type"] == "image/webp"
    assert upload.headers["x-fal-file-name"] == "input.webp"
    assert upload.body == b"webp"


async def test_the_token_is_kept_for_the_next_file(storage, picture):
    provider, server = await storage()
    await provider.upload(picture)
    await provider.upload(picture)
    assert len(server.asked) == 3


async def test_a_large_file_is_uploaded_in_parts(storage, tmp_path):
    path = tmp_path / "film.mp4"
    with path.open("wb") as file:
        file.truncate(100 * 1024 * 1024 + 1)
        file.seek(10 * 1024 * 1024)
        file.write(b"second part")
    provider, server = await storage()
    assert await provider.upload(path) == f"{server.url}/cdn/files/b/x.png"
    parts = {
        asked.path.rpartition("/")[2]: asked for asked in server.asked if asked.method == "PUT"
    }
    assert sorted(map(int, parts)) == list(range(1, 12))
    assert sum(len(part.body) for part in parts.values()) == path.stat().st_size
    assert parts["2"].body.startswith(b"second part")
    complete = server.asked[-1]
    assert complete.path == "/cdn/files/b/x.png/multipart/u1/complete"
    assert len(complete.json()["parts"]) == 11


@pytest.mark.parametrize("reply", [Reply(500), Reply(503), Reply(429)])
async def test_an_upload_is_given_up_after_four_tries(storage, picture, reply):
    provider, server = await storage(uploaded=reply)
    with pytest.raises(InferenceError, match=rf"^a\.webp could not be uploaded .*{reply.status}"):
        await provider.upload(picture)
    assert [asked.path for asked in server.asked].count("/cdn/files/upload") == 4


async def test_a_refused_upload_has_no_other_way(storage, picture):
    provider, server = await storage(uploaded=Reply(400, {"detail": "Invalid storage type"}))
    with pytest.raises(RejectedError, match="HTTP 400: Invalid storage type"):
        await provider.upload(picture)
    assert len(server.asked) == 2


async def test_a_refused_key_stops_an_upload(storage, picture):
    provider, _ = await storage(token=Reply(401, {"detail": "no"}))
    with pytest.raises(CredentialsError):
        await provider.upload(picture)


async def test_a_key_without_the_permission_stops_an_upload(storage, picture):
    told = {"error": {"type": "authorization_error", "message": "no"}}
    provider, _ = await storage(token=Reply(403, told))
    with pytest.raises(CredentialsError, match="refused the key in FAL_KEY: no"):
        await provider.upload(picture)


@pytest.mark.parametrize("reply", [Reply(200, b"<html>"), Reply(200, {"x": 1})])
async def test_an_upload_without_a_url_is_an_error(storage, picture, reply):
    provider, _ = await storage(uploaded=reply)
    with pytest.raises(InferenceError, match="answer to the upload holds no URL"):
        await provider.upload(picture)


WHOLE = {
    "status": "COMPLETED", "request_id": "abc", "response_url": "r", "status_url": "s",
    "cancel_url": "c", "logs": None, "metrics": {"inference_time": 1.5},
}  # fmt: skip
FAILED_THERE = {"error": "no such thing", "error_type": "invalid_request"}


@pytest.mark.parametrize(
    ("event", "asked"),
    [
        (WHOLE, ["response"]),
        (WHOLE | FAILED_THERE, ["response"]),
        (WHOLE | {"request_id": "another"}, ["status", "response"]),
        *(
            ({key: each for key, each in WHOLE.items() if key != left}, ["status", "response"])
            for left in WHOLE
            if left != "status"
        ),
    ],
)
async def test_the_last_event_is_the_status_where_it_is_the_whole_of_it(connect, event, asked):
    stream = Reply(200, f"data: {json.dumps(event)}\n\n".encode(), {"content-type": SSE})
    again = Reply(200, {**event, "request_id": "abc"})
    replies = [stream, *([again] if "status" in asked else []), Reply(200, {"images": []})]
    paths = {"status": "/fal-ai/flux/requests/abc/status?logs=false",
             "response": "/fal-ai/flux/requests/abc"}  # fmt: skip
    async with Loopback(*replies) as server:
        provider = connect("fal", server.url)
        assert await provider.watch(ACCEPTED, 10)
        poll = await provider.poll(MODEL, ACCEPTED)
    assert [each.path for each in server.asked[1:]] == [paths[each] for each in asked]
    assert isinstance(poll, Failed if "error" in event else Succeeded)


async def test_what_a_stream_has_told_is_taken_once(connect):
    stream = Reply(200, f"data: {json.dumps(WHOLE)}\n\n".encode(), {"content-type": SSE})
    async with Loopback(stream, Reply(503), COMPLETED, Reply(200, {"images": []})) as server:
        provider = connect("fal", server.url)
        assert await provider.watch(ACCEPTED, 10)
        with pytest.raises(PollError):
            await provider.poll(MODEL, ACCEPTED)
        assert isinstance(await provider.poll(MODEL, ACCEPTED), Succeeded)
    assert len(server.asked) == 4
