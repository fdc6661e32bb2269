"""Replicate over a real socket: looking, cancelling, finding again, uploading."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from inference.providers.conftest import make_model, make_submission
from support.servers.loopback import RESET, STALL, Loopback, Reply, closed_port
from vidi.errors import CredentialsError, InferenceError, NotSentError, PollError, RejectedError
from vidi.inference.providers.provider import Accepted, Failed, Running, Succeeded
from vidi.inference.providers.replicate.provider import LONGEST_DATA_URI

MODEL = make_model("replicate")
CANONICAL = "https://api.replicate.com/v1/predictions/abc"
ACCEPTED = Accepted("abc", {"get": CANONICAL, "cancel": f"{CANONICAL}/cancel"})
SINCE = datetime(2026, 11, 23, 12, 0, 0, tzinfo=UTC)
UNTIL = SINCE + timedelta(minutes=5)


def listed(request_id="p1", **changes):
    item = {
        "id": request_id,
        "model": MODEL.name,
        "version": "hidden",
        "input": {"prompt": "a cat"},
        "created_at": "2026-11-23T12:01:00.5Z",
        "urls": {"get": f"https://api.replicate.com/v1/predictions/{request_id}"},
    }
    return item | changes


async def test_a_look_is_one_request_with_the_key(connect):
    async with Loopback(Reply(200, {"status": "succeeded", "output": "x"})) as server:
        poll = await connect("replicate", f"{server.url}/pre").poll(MODEL, ACCEPTED)
    assert poll == Succeeded("x")
    assert [asked.path for asked in server.asked] == ["/pre/v1/predictions/abc"]
    assert server.asked[0].headers["authorization"] == "Bearer r8_secret-of-replicate"


async def test_urls_of_the_receipt_are_used_where_they_are_replicates_own(connect):
    async with (
        Loopback(Reply(200, {"status": "canceled"})) as server,
        Loopback(Reply(500)) as foreign,
    ):
        provider = connect("replicate", server.url)
        for url in (f"{server.url}/elsewhere?x=1", f"{foreign.url}/v1/predictions/abc", "http://["):
            poll = await provider.poll(MODEL, Accepted("abc", {"get": url}))
            assert isinstance(poll, Failed)
    assert [asked.path for asked in server.asked] == [
        "/elsewhere?x=1", "/v1/predictions/abc", "/v1/predictions/abc"
    ]  # fmt: skip
    assert foreign.asked == []


@pytest.mark.parametrize("status", [301, 402, 403, 404, 408, 410, 422, 500, 502, 503, 504])
async def test_an_answer_about_something_else_is_a_poll_error(connect, status):
    async with Loopback(Reply(status, {"detail": "because"})) as server:
        with pytest.raises(PollError) as caught:
            await connect("replicate", server.url).poll(MODEL, ACCEPTED)
    assert caught.value.message == f"Replicate answered HTTP {status}: because"
    assert len(server.asked) == 1


async def test_a_throttled_look_says_how_long_to_wait(connect):
    async with Loopback(Reply(429, {"detail": "…", "retry_after": 4})) as server:
        with pytest.raises(PollError) as caught:
            await connect("replicate", server.url).poll(MODEL, ACCEPTED)
    assert caught.value.retry_after == 4


@pytest.mark.parametrize("body", [b"", b"<html>", b"[1]", b"{"])
async def test_an_unreadable_look_is_a_poll_error(connect, body):
    async with Loopback(Reply(200, body)) as server:
        with pytest.raises(PollError, match="answer cannot be read"):
            await connect("replicate", server.url).poll(MODEL, ACCEPTED)


@pytest.mark.parametrize("fault", [RESET, STALL])
async def test_an_unanswered_look_is_a_poll_error(connect, fault):
    async with Loopback(fault) as server:
        with pytest.raises(PollError, match="no answer from Replicate"):
            await connect("replicate", server.url).poll(MODEL, ACCEPTED)


async def test_a_refused_key_stops_everything(connect):
    async with Loopback(Reply(401, {"detail": "no such token"})) as server:
        with pytest.raises(CredentialsError) as caught:
            await connect("replicate", server.url).poll(MODEL, ACCEPTED)
    message = "Replicate refused the key in REPLICATE_API_TOKEN: no such token"
    assert caught.value.message == message


async def test_a_failure_that_quotes_the_key_is_redacted(connect):
    failed = {"status": "failed", "error": "cannot use r8_secret-of-replicate"}
    async with Loopback(Reply(200, failed)) as server:
        poll = await connect("replicate", server.url).poll(MODEL, ACCEPTED)
    assert poll == Failed("failed", "cannot use [REPLICATE_API_TOKEN]")


@pytest.mark.parametrize(
    ("reply", "agreed"),
    [
        (Reply(200, {"status": "canceled"}), True),
        (Reply(200, {"status": "processing"}), True),
        (Reply(200, {"status": "succeeded"}), False),
        (Reply(200, {"status": "failed"}), False),
        (Reply(404), False),
        (Reply(409), False),
        (Reply(422), False),
    ],
    ids=str,
)
async def test_cancel_says_whether_it_was_agreed_to(connect, reply, agreed):
    async with Loopback(reply) as server:
        assert await connect("replicate", server.url).cancel(ACCEPTED) is agreed
    assert (server.asked[0].method, server.asked[0].path) == (
        "POST",
        "/v1/predictions/abc/cancel",
    )


async def test_a_cancel_that_is_not_understood_is_a_poll_error(connect):
    async with Loopback(Reply(500)) as server:
        with pytest.raises(PollError):
            await connect("replicate", server.url).cancel(ACCEPTED)
    assert len(server.asked) == 1


async def test_a_prediction_named_by_the_user_is_taken_up(connect):
    async with Loopback(Reply(200, {"status": "starting"})) as server:
        provider = connect("replicate", server.url)
        accepted = provider.adopt(MODEL, "abc")
        assert await provider.poll(MODEL, accepted) == Running("starting")
        assert await provider.poll(MODEL, Accepted("abc", {})) == Running("starting")
    assert accepted == ACCEPTED


async def test_replicate_does_not_tell_when_it_is_done(connect):
    assert not await connect("replicate", closed_port()).watch(ACCEPTED, 10)


async def test_find_takes_exactly_equal_model_and_input(connect):
    items = [
        listed("other-model", model="a/b"),
        listed("other-input", input={"prompt": "a dog"}),
        listed("more-input", input={"prompt": "a cat", "seed": 1}),
        listed("removed", data_removed=True),
        listed("too-early", created_at="2026-11-23T11:59:59Z"),
        listed("too-late", created_at="2026-11-23T13:05:01+01:00"),
        listed(None),
        "not an object",
        listed("p1"),
    ]
    async with Loopback(Reply(200, {"results": items, "next": None})) as server:
        found = await connect("replicate", server.url).find(
            make_submission("replicate"), SINCE, UNTIL
        )
    assert found == [
        Accepted(
            "p1",
            {
                "get": "https://api.replicate.com/v1/predictions/p1",
                "cancel": "https://api.replicate.com/v1/predictions/p1/cancel",
            },
        )
    ]
    assert server.asked[0].path == (
        "/v1/predictions?created_after=2026-11-23T12:00:00.000000Z"
        "&created_before=2026-11-23T12:05:00.000000Z"
    )


@pytest.mark.parametrize("version", ["5c7d", f"{MODEL.name}:5c7d"])
async def test_find_takes_a_community_model_by_its_version(connect, version):
    submission = replace(make_submission("replicate"), model=make_model("replicate", "5c7d"))
    async with Loopback(Reply(200, {"results": [listed(model=None, version=version)]})) as server:
        found = await connect("replicate", server.url).find(submission, SINCE, UNTIL)
    assert [each.request_id for each in found] == ["p1"]


@pytest.mark.parametrize("created_at", [None, "", "yesterday", 1790000000, "2026-13-45T00:00:00Z"])
async def test_find_neither_takes_nor_passes_over_what_does_not_say_when_it_was_created(
    connect, created_at
):
    items = [listed("undated", created_at=created_at), listed("p1")]
    async with Loopback(Reply(200, {"results": items})) as server:
        with pytest.raises(PollError) as caught:
            await connect("replicate", server.url).find(make_submission("replicate"), SINCE, UNTIL)
    said = "Replicate's list does not say when a prediction like it was created"
    assert caught.value.message == said


@pytest.mark.parametrize(
    "more",
    [
        "https://api.replicate.com/v1/predictions?cursor=c2",
        "/v1/predictions?cursor=c2",
        "predictions?cursor=c2",
        "?cursor=c2",
        "//api.replicate.com/v1/predictions?cursor=c2",
    ],
)
async def test_find_reads_every_page(connect, more):
    pages = [
        Reply(200, {"results": [listed("p1"), listed("p0")], "next": more}),
        Reply(200, {"results": [listed("p0"), listed("p2")], "next": ""}),
    ]
    async with Loopback(*pages) as server:
        found = await connect("replicate", server.url).find(
            make_submission("replicate"), SINCE, UNTIL
        )
    assert [each.request_id for each in found] == ["p1", "p0", "p2"]
    assert server.asked[1].path == "/v1/predictions?cursor=c2"
    assert "authorization" in server.asked[1].headers


async def test_find_follows_a_list_to_no_other_origin(connect):
    async with Loopback(Reply(200, {"results": [listed("p2")]})) as elsewhere:
        more = f"{elsewhere.url}/v1/predictions?cursor=c2"
        async with Loopback(Reply(200, {"results": [], "next": more})) as server:
            provider = connect("replicate", server.url)
            with pytest.raises(PollError, match="not Replicate's"):
                await provider.find(make_submission("replicate"), SINCE, UNTIL)
    assert elsewhere.asked == []


@pytest.mark.parametrize(
    "more", ["ftp://x/y", "http://[", "?cursor=\u2028", "javascript:0", 7, ["x"]]
)
async def test_find_does_not_count_a_list_that_it_cannot_follow(connect, more):
    async with Loopback(Reply(200, {"results": [listed()], "next": more})) as server:
        with pytest.raises(PollError, match="goes on at an address that cannot be read"):
            await connect("replicate", server.url).find(make_submission("replicate"), SINCE, UNTIL)


async def test_find_gives_up_on_a_list_without_end(connect):
    more = "https://api.replicate.com/v1/predictions?cursor=c"
    async with Loopback(Reply(200, {"results": [], "next": more}, keep=True)) as server:
        with pytest.raises(PollError, match="over 5,000 predictions in that time"):
            await connect("replicate", server.url).find(make_submission("replicate"), SINCE, UNTIL)


async def test_a_small_file_becomes_a_data_uri(connect, tmp_path):
    path = tmp_path / "a.png"
    path.write_bytes(b"png")
    assert await connect("replicate", closed_port()).upload(path) == "data:image/png;base64,cG5n"


@pytest.mark.parametrize(("extra", "inline"), [(0, True), (1, False)])
async def test_a_data_uri_is_at_most_256_kib_in_all(connect, tmp_path, extra, inline):
    path = tmp_path / "a.bin"
    room = LONGEST_DATA_URI - len("data:application/octet-stream;base64,")
    path.write_bytes(bytes(room // 4 * 3 + extra))
    stored = Reply(201, {"id": "f", "urls": {"get": "https://api.replicate.com/v1/files/f"}})
    async with Loopback(stored) as server:
        url = await connect("replicate", server.url).upload(path)
    assert url.startswith("data:") is inline
    assert len(url) <= LONGEST_DATA_URI
    assert server.posts == (0 if inline else 1)


async def test_a_larger_file_is_uploaded_whole(connect, tmp_path):
    path = tmp_path / "clip.mp4"
    path.write_bytes(b"0123456789" * 30_000)
    stored = Reply(201, {"id": "f", "urls": {"get": "https://api.replicate.com/v1/files/f"}})
    async with Loopback(stored) as server:
        url = await connect("replicate", server.url).upload(path)
    assert url == "https://api.replicate.com/v1/files/f"
    asked = server.asked[0]
    assert asked.path == "/v1/files"
    assert b'name="content"; filename="input.mp4"' in asked.body
    assert b"Content-Type: video/mp4" in asked.body
    assert path.read_bytes() in asked.body


@pytest.fixture
def large(tmp_path):
    path = tmp_path / "clip.mp4"
    path.write_bytes(bytes(300_000))
    return path


@pytest.mark.parametrize("fault", [Reply(500), Reply(503), Reply(429, {"retry_after": 0}), RESET])
async def test_an_upload_is_sent_again_where_that_may_help(connect, large, fault):
    stored = Reply(201, {"urls": {"get": "https://x/f"}})
    async with Loopback(fault, fault, stored) as server:
        assert await connect("replicate", server.url).upload(large) == "https://x/f"
    assert server.posts == 3


async def test_an_upload_is_given_up_after_four_tries(connect, large):
    async with Loopback(Reply(500, b"sorry")) as server:
        with pytest.raises(InferenceError) as caught:
            await connect("replicate", server.url).upload(large)
    assert caught.value.message == ("clip.mp4 could not be uploaded to Replicate: HTTP 500: sorry")
    assert server.posts == 4


async def test_an_upload_that_never_leaves_is_not_sent(connect, large):
    with pytest.raises(NotSentError, match=r"^clip\.mp4 could not be uploaded to Replicate: "):
        await connect("replicate", closed_port()).upload(large)


@pytest.mark.parametrize(
    ("status", "error"), [(400, RejectedError), (413, RejectedError), (401, CredentialsError)]
)
async def test_a_refused_upload_is_not_sent_again(connect, large, status, error):
    async with Loopback(Reply(status, {"detail": "no"})) as server:
        with pytest.raises(error):
            await connect("replicate", server.url).upload(large)
    assert server.posts == 1


async def test_an_upload_without_a_url_is_an_error(connect, large):
    async with Loopback(Reply(201, {"id": "f"})) as server:
        with pytest.raises(InferenceError, match="answer to the upload holds no URL"):
            await connect("replicate", server.url).upload(large)


async def test_a_file_that_is_too_large_is_refused_before_it_is_read(connect, tmp_path):
    path = tmp_path / "huge.mp4"
    with path.open("wb") as file:
        file.truncate(100 * 1024 * 1024 + 1)
    with pytest.raises(RejectedError, match=r"larger than Replicate takes \(100 MiB\)"):
        await connect("replicate", closed_port()).upload(path)


async def test_a_file_that_is_not_there_is_named(connect, name, tmp_path):
    with pytest.raises(RejectedError) as caught:
        await connect(name, closed_port()).upload(tmp_path / "none.png")
    assert caught.value.message == "none.png cannot be read: No such file or directory"
