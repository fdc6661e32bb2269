"""Every row of the table of submits, for both providers, over real sockets, one POST each."""

from __future__ import annotations

import asyncio
import math
from dataclasses import replace

import pytest

from inference.providers.conftest import SHORT, make_model, make_submission, settings_at
from support.servers.loopback import (
    CLOSE,
    GARBAGE,
    RESET,
    RESET_MIDWAY,
    STALL,
    STALL_MIDWAY,
    Loopback,
    Reply,
    closed_port,
)
from vidi.errors import (
    CredentialsError,
    InDoubtError,
    NotSentError,
    RejectedError,
    ThrottledError,
    WrongCallError,
)
from vidi.inference.providers.provider import Submission
from vidi.inference.providers.transport.call import read_send_error

ACCEPTED = {
    "replicate": Reply(201, {"id": "abc", "status": "starting", "urls": {}}),
    "fal": Reply(200, {"request_id": "abc"}),
}
MEANS = (
    dict.fromkeys((201, 204, 301, 302, 303, 307, 308), InDoubtError)
    | dict.fromkeys((400, 403, 404, 413, 422), RejectedError)
    | {401: CredentialsError, 429: ThrottledError}
    | dict.fromkeys((405, 408, 409, 410, 418, 423, 425, 499), InDoubtError)
    | dict.fromkeys((500, 502, 503, 504, 520, 529), InDoubtError)
)


@pytest.mark.parametrize("status", sorted(MEANS))
async def test_every_status_has_its_row(connect, name, status):
    reply = Reply(status, {"detail": "because"}, {"Location": "/elsewhere"})
    async with Loopback(reply) as server:
        with pytest.raises(MEANS[status]) as caught:
            await connect(name, server.url).submit(make_submission(name))
    unknown = (name, status) == ("replicate", 404)  # or called in the wrong form
    assert type(caught.value) is (WrongCallError if unknown else MEANS[status])
    assert (server.posts, len(server.asked)) == (1, 1)


async def test_a_forbidding_page_says_nothing_of_the_inference(connect, name):
    async with Loopback(Reply(403, b"<html>a gateway")) as server:
        with pytest.raises(InDoubtError, match="the answer was HTTP 403"):
            await connect(name, server.url).submit(make_submission(name))


@pytest.mark.parametrize(
    "fault", [RESET, CLOSE, RESET_MIDWAY, STALL, STALL_MIDWAY, GARBAGE], ids=str
)
async def test_a_fault_after_the_first_byte_is_in_doubt(connect, name, fault):
    async with Loopback(fault) as server:
        provider = connect(name, server.url, timeouts=replace(SHORT, silence=0.3))
        with pytest.raises(InDoubtError, match="not known whether it was accepted"):
            await provider.submit(make_submission(name))
    assert server.posts == 1


@pytest.mark.parametrize("body", [b"", b"<html>", b"{", b"[]", b"7", {}, {"id": 7}, {"id": ""}])
async def test_a_2xx_without_a_receipt_is_in_doubt(connect, name, body):
    async with Loopback(Reply(200, body)) as server:
        with pytest.raises(InDoubtError, match="the answer holds no"):
            await connect(name, server.url).submit(make_submission(name))
    assert server.posts == 1


async def test_an_answer_without_end_is_in_doubt(connect, name):
    async with Loopback(Reply(200, b" " * (64 * 1024 * 1024 + 1))) as server:
        with pytest.raises(InDoubtError, match="larger than 67,108,864 bytes"):
            await connect(name, server.url).submit(make_submission(name))
    assert server.posts == 1


async def test_a_refused_connection_was_never_sent(connect, name):
    with pytest.raises(NotSentError, match="could not reach"):
        await connect(name, closed_port()).submit(make_submission(name))


async def test_an_unknown_host_was_never_sent(connect, name):
    provider = connect(name, "http://no-such-host.invalid")
    with pytest.raises(NotSentError, match="could not reach"):
        await provider.submit(make_submission(name))


async def test_a_stale_connection_is_not_sent_again_on_another(connect, name):
    keep = Reply(ACCEPTED[name].status, ACCEPTED[name].body, keep=True)
    async with Loopback(keep, RESET) as server:
        provider = connect(name, server.url)
        await provider.submit(make_submission(name))
        with pytest.raises(InDoubtError):
            await provider.submit(make_submission(name))
    assert (server.connections, server.posts) == (1, 2)


async def test_a_cancelled_submit_says_that_it_was_sent(connect, name):
    async with Loopback(STALL) as server:
        task = asyncio.create_task(connect(name, server.url).submit(make_submission(name)))
        while not server.asked:
            await asyncio.sleep(0.01)
        task.cancel()
        with pytest.raises(asyncio.CancelledError) as caught:
            await task
    assert isinstance(read_send_error(caught.value), InDoubtError)


async def test_a_submit_that_runs_out_of_a_callers_time_says_that_it_was_sent(connect, name):
    async with Loopback(STALL) as server:
        with pytest.raises(TimeoutError) as caught:
            async with asyncio.timeout(0.8):
                await connect(name, server.url).submit(make_submission(name))
    assert isinstance(read_send_error(caught.value), InDoubtError)


def test_a_submit_cut_short_without_a_word_is_in_doubt():
    assert isinstance(read_send_error(asyncio.CancelledError()), InDoubtError)


async def test_a_cancelled_submit_says_that_it_was_not_sent(connect, name):
    async with Loopback(STALL) as server:  # a TLS handshake is never answered
        provider = connect(name, server.url.replace("http:", "https:"))
        task = asyncio.create_task(provider.submit(make_submission(name)))
        while not server.connections:
            await asyncio.sleep(0.01)
        task.cancel()
        with pytest.raises(asyncio.CancelledError) as caught:
            await task
    assert isinstance(read_send_error(caught.value), NotSentError)


async def test_params_that_are_not_json_are_never_sent(connect, name):
    async with Loopback(ACCEPTED[name]) as server:
        with pytest.raises(RejectedError, match="the params cannot be sent as JSON"):
            await connect(name, server.url).submit(make_submission(name, strength=math.nan))
    assert server.asked == []


async def test_without_a_key_nothing_is_sent(name):
    from vidi.inference.providers import open_provider
    from vidi.inference.settings import Settings

    with pytest.raises(CredentialsError) as caught:
        await open_provider(name, Settings()).submit(make_submission(name))
    variable = {"replicate": "REPLICATE_API_TOKEN", "fal": "FAL_KEY"}[name]
    assert caught.value.message.endswith(f": {variable} is not set")
    assert variable in caught.value.hint


async def test_a_key_that_the_provider_echoes_is_not_shown(connect, name):
    def echo(asked):
        return Reply(400, {"detail": f"bad key {asked.headers['authorization']}"})

    async with Loopback(answer=echo) as server:
        with pytest.raises(RejectedError) as caught:
            await connect(name, server.url).submit(make_submission(name))
    assert "secret" not in caught.value.message
    assert "[FAL_KEY]" in caught.value.message or "[REPLICATE_API_TOKEN]" in caught.value.message


# Replicate


async def test_replicate_creates_an_official_model_at_its_own_address(connect):
    async with Loopback(ACCEPTED["replicate"]) as server:
        accepted = await connect("replicate", f"{server.url}/prefix").submit(
            make_submission("replicate", 59.2)
        )
    asked = server.asked[0]
    assert asked.path == "/prefix/v1/models/black-forest-labs/flux-schnell/predictions"
    assert asked.json() == {"input": {"prompt": "a cat"}}
    assert asked.headers["cancel-after"] == "60s"
    assert asked.headers["authorization"] == "Bearer r8_secret-of-replicate"
    assert "prefer" not in asked.headers
    assert accepted.request_id == "abc"
    assert accepted.urls == {
        "get": "https://api.replicate.com/v1/predictions/abc",
        "cancel": "https://api.replicate.com/v1/predictions/abc/cancel",
    }


async def test_replicate_creates_a_community_model_by_its_version(connect):
    submission = Submission(make_model("replicate", "5c7d"), {"n": 1}, math.inf)
    async with Loopback(ACCEPTED["replicate"]) as server:
        await connect("replicate", server.url).submit(submission)
    assert server.asked[0].path == "/v1/predictions"
    assert server.asked[0].json() == {"version": "5c7d", "input": {"n": 1}}
    assert "cancel-after" not in server.asked[0].headers


async def test_replicate_keeps_its_own_urls_of_the_answer(connect):
    built = "https://api.replicate.com/v1/predictions/abc"
    for own in (
        "https://api.replicate.com/v2/g",
        "{server}/g",
        "http://x/g",
        "https://x.replicate.com/g",
    ):
        async with Loopback() as server:
            get = own.format(server=server.url)
            urls = {"get": get, "cancel": "http://x/c", "stream": "http://x/s", "web": None}
            server.script.append(Reply(201, {"id": "abc", "urls": urls}))
            accepted = await connect("replicate", server.url).submit(make_submission("replicate"))
        kept = get if "api.replicate.com" in own or "{" in own else built
        assert accepted.urls == {"get": kept, "cancel": f"{built}/cancel"}


INVALID = {
    "title": "Input validation failed",
    "detail": "- input.output_format: must be one of …\n",
    "status": 422,
    "invalid_fields": [
        {"type": "enum", "field": "input.output_format", "description": "must be one of jpg, png"},
        {"type": "required", "field": "", "description": "version is required"},
    ],
}


@pytest.mark.parametrize(
    ("reply", "message"),
    [
        (
            Reply(422, INVALID),
            "Replicate refused it: input.output_format: must be one of jpg, png; "
            "body: version is required",
        ),
        (Reply(404, {"title": "Not found"}), "Replicate refused it: Not found"),
        (Reply(413, b""), "Replicate refused it: HTTP 413"),
        (Reply(400, b"no\n  JSON"), "Replicate refused it: no JSON"),
    ],
)
async def test_replicate_refuses_in_its_own_words(connect, reply, message):
    async with Loopback(reply) as server:
        with pytest.raises(RejectedError) as caught:
            await connect("replicate", server.url).submit(make_submission("replicate"))
    assert caught.value.message == message
    assert caught.value.hint
    assert not caught.value.paid


async def test_replicate_without_credit_stops_everything(connect):
    async with Loopback(Reply(402, {"detail": "You have insufficient credit."})) as server:
        with pytest.raises(CredentialsError) as caught:
            await connect("replicate", server.url).submit(make_submission("replicate"))
    assert caught.value.message == (
        "Replicate runs nothing for this account: You have insufficient credit."
    )
    assert "https://replicate.com/account/billing" in caught.value.hint


# fal


async def test_fal_queues_one_request(connect):
    urls = {"status_url": "https://queue.fal.run/s", "response_url": "http://x/r"}
    async with Loopback(Reply(200, {"request_id": "abc", **urls})) as server:
        provider = connect("fal", f"{server.url}/a/b/")
        accepted = await provider.submit(make_submission("fal", 90))
    asked = server.asked[0]
    assert (asked.path, asked.json()) == ("/a/b/fal-ai/flux/dev", {"prompt": "a cat"})
    assert asked.headers["authorization"] == "Key fal-key-id:fal-key-secret"
    assert asked.headers["x-fal-request-timeout"] == "90.0"
    assert "x-fal-store-io" not in asked.headers
    built = "https://queue.fal.run/fal-ai/flux/requests/abc"
    assert accepted.urls == {
        "status": "https://queue.fal.run/s",
        "response": built,  # nobody else is asked
        "cancel": f"{built}/cancel",
    }


@pytest.mark.parametrize(("deadline_s", "sent"), [(0.5, False), (1, False), (1.5, True)])
async def test_fal_limits_the_wait_for_a_start_only_above_a_second(connect, deadline_s, sent):
    async with Loopback(ACCEPTED["fal"]) as server:
        await connect("fal", server.url).submit(make_submission("fal", deadline_s))
    assert ("x-fal-request-timeout" in server.asked[0].headers) is sent


@pytest.mark.parametrize("said", ["User is locked. Reason: Exhausted balance.", "Exhausted"])
async def test_fal_without_credit_stops_everything(connect, said):
    async with Loopback(Reply(403, {"detail": said})) as server:
        with pytest.raises(CredentialsError) as caught:
            await connect("fal", server.url).submit(make_submission("fal"))
    assert caught.value.message == f"fal.ai runs nothing for this account: {said}"
    assert server.posts == 1


@pytest.mark.parametrize(
    ("reason", "mended_by"),
    [
        ("Exhausted balance. Top up your balance at fal.ai/dashboard/billing.", "Top up at "),
        ("TOP_UP.", "Top up at "),
        ("ADMIN_LOCK.", "Ask fal.ai's support why"),
        ("Suspicious activity.", "Ask fal.ai's support why"),
    ],
)
async def test_fal_says_top_up_only_where_money_mends_it(connect, reason, mended_by):
    async with Loopback(Reply(403, {"detail": f"User is locked. Reason: {reason}"})) as server:
        with pytest.raises(CredentialsError) as caught:
            await connect("fal", server.url).submit(make_submission("fal"))
    assert caught.value.hint.startswith(mended_by)


PLATFORM = {"type": "authorization_error", "message": "Unable to use 'key=fal-key-id' auth"}


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (403, {"detail": "This API key is not permitted to perform this action."}),
        (403, {"error": PLATFORM}),
        (401, {"error": PLATFORM}),
        (403, {"error": {"type": "x", "message": "Insufficient permissions: visit"}}),
    ],
)
async def test_a_fal_key_without_the_permission_stops_everything(connect, status, body):
    async with Loopback(Reply(status, body)) as server:
        with pytest.raises(CredentialsError, match="refused the key in FAL_KEY: ") as caught:
            await connect("fal", server.url).submit(make_submission("fal"))
    assert "fal-key-id" not in caught.value.message
    assert server.posts == 1


FLAGGED = {"loc": ["body", "prompt"], "msg": "flagged", "type": "content_policy_violation"}
MISSING = {"loc": ["body", "prompt"], "msg": "field required", "type": "missing"}


@pytest.mark.parametrize(
    ("item", "headers", "paid"),
    [
        (MISSING, {}, False),
        (MISSING, {"X-Fal-Billable-Units": "0"}, False),
        (MISSING, {"X-Fal-Billable-Units": "1.5"}, True),
        (MISSING, {"X-Fal-Served-From": "fal-ai/flux/dev"}, True),
        (FLAGGED, {}, True),
    ],
)
async def test_fal_422_is_paid_where_a_runner_worked(connect, item, headers, paid):
    async with Loopback(Reply(422, {"detail": [item]}, headers)) as server:
        with pytest.raises(RejectedError) as caught:
            await connect("fal", server.url).submit(make_submission("fal"))
    assert caught.value.paid is paid
    assert caught.value.message == f"fal.ai refused it: prompt: {item['msg']} ({item['type']})"


async def test_an_in_process_wire_is_used_and_left_open(name):
    import httpx

    from vidi.inference.providers import PROVIDERS

    def answer(request):
        assert request.url.host == "sandbox.invalid"
        return httpx.Response(ACCEPTED[name].status, json=ACCEPTED[name].body)

    wire = httpx.MockTransport(answer)
    provider = PROVIDERS[name](settings_at("http://sandbox.invalid"), wire)
    assert (await provider.submit(make_submission(name))).request_id == "abc"
    await provider.aclose()
    assert (await provider.submit(make_submission(name))).request_id == "abc"


@pytest.mark.parametrize("size", [1, 1_000_000])
async def test_a_body_of_any_size_is_addressed_to_its_host(name, size):
    import httpx

    from vidi.inference.providers import PROVIDERS

    asked = []

    def answer(request):
        asked.append(request)
        return httpx.Response(ACCEPTED[name].status, json=ACCEPTED[name].body)

    provider = PROVIDERS[name](settings_at("http://here.invalid:81"), httpx.MockTransport(answer))
    await provider.submit(make_submission(name, prompt="x" * size))
    assert asked[0].headers["host"] == "here.invalid:81"
    assert asked[0].headers["content-length"] == str(len(asked[0].content))


@pytest.mark.parametrize(
    ("kind", "error"),
    [
        ("ConnectError", NotSentError),
        ("PoolTimeout", NotSentError),
        ("ConnectTimeout", NotSentError),
        ("ReadTimeout", InDoubtError),
        ("ReadError", InDoubtError),
        ("WriteError", InDoubtError),
        ("RemoteProtocolError", InDoubtError),
        ("ProxyError", InDoubtError),
    ],
)
async def test_another_wires_errors_are_judged_by_their_class(name, kind, error):
    import httpx

    from vidi.inference.providers import PROVIDERS

    def fail(_request):
        raise getattr(httpx, kind)("simulated")

    provider = PROVIDERS[name](settings_at("http://x.invalid"), httpx.MockTransport(fail))
    with pytest.raises(error, match="simulated"):
        await provider.submit(make_submission(name))


async def test_a_bug_in_another_wire_is_in_doubt(name):
    import httpx

    from vidi.inference.providers import PROVIDERS

    def fail(_request):
        raise RuntimeError("a bug in the app")

    provider = PROVIDERS[name](settings_at("http://x.invalid"), httpx.MockTransport(fail))
    with pytest.raises(InDoubtError):
        await provider.submit(make_submission(name))
