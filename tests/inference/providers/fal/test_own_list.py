"""fal's list of the account's own requests, and the time that an id holds."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from urllib.parse import parse_qs, urlsplit

import pytest

from inference.providers.conftest import make_model, make_submission
from support.servers.loopback import RESET, Loopback, Reply
from vidi.errors import PollError
from vidi.inference.providers.fal.answers import derive_urls
from vidi.inference.providers.fal.own_list import read_units
from vidi.inference.providers.fal.request_time import read_request_time

MODEL = make_model("fal")
SINCE = datetime(2026, 5, 12, 7, 0, 0, tzinfo=UTC)
UNTIL = SINCE + timedelta(minutes=5)


def id_of(moment: datetime, rest: str = "7000-8000-000000000001") -> str:
    millis = int(moment.timestamp() * 1000)
    return f"{millis >> 16:08x}-{millis & 0xFFFF:04x}-{rest}"


IN_TIME, TOO_EARLY = id_of(SINCE + timedelta(minutes=1)), id_of(SINCE - timedelta(seconds=1))


def listed(request_id=IN_TIME, **changes):
    return {
        "request_id": request_id,
        "endpoint": MODEL.name,
        "queued_at": "2026-05-12T07:01:00Z",
        "json_input": {"prompt": "a cat"},
        **changes,
    }


def page(*items):
    return Reply(200, {"items": list(items), "total": None, "page": 1, "size": 100, "pages": None})


NOTHING = Reply(200, {"items": [], "next_cursor": None, "has_more": False})


@pytest.mark.parametrize(
    ("request_id", "moment"),
    [
        (IN_TIME, SINCE + timedelta(minutes=1)),
        ("019e18d8-8c36-7bc1-aa77-000000000022", datetime.fromtimestamp(1778533305.398, UTC)),
        ("00000000-0000-4000-8000-000000000081", None),
        ("abc", None),
        ("", None),
    ],
)
def test_an_id_of_version_7_holds_its_time(request_id, moment):
    assert read_request_time(request_id) == moment


async def test_the_own_list_is_asked_first_and_is_enough(connect):
    items = [
        listed(endpoint="fal-ai/flux"),
        listed(json_input={"prompt": "a dog"}),
        listed(json_input=None),
        listed("../x"),
        listed(TOO_EARLY, queued_at=None),
        listed("old-id", queued_at="2026-05-12T06:59:59Z"),
        "odd",
        listed(),
        listed(id_of(UNTIL, "7000-8000-000000000002"), queued_at=None),
    ]
    async with Loopback(page(*items)) as server:
        found = await connect("fal", f"{server.url}/pre").find(make_submission("fal"), SINCE, UNTIL)
    assert [each.request_id for each in found] == [
        IN_TIME,
        id_of(UNTIL, "7000-8000-000000000002"),
    ]
    assert found[0].urls == derive_urls(MODEL.name, IN_TIME)
    (asked,) = server.asked
    parts = urlsplit(asked.path)
    assert parts.path == "/pre/requests/"
    assert parse_qs(parts.query) == {
        "start_time": ["2026-05-12T07:00:00.000000Z"],
        "end_time": ["2026-05-12T07:05:00.000000Z"],
        "page": ["1"],
        "size": ["100"],
    }
    assert asked.headers["authorization"] == "Key fal-key-id:fal-key-secret"


async def test_the_own_list_is_read_to_its_short_page(connect):
    full = page(*[listed(json_input={"n": n}) for n in range(100)])
    async with Loopback(full, page(listed())) as server:
        found = await connect("fal", server.url).find(make_submission("fal"), SINCE, UNTIL)
    assert [each.request_id for each in found] == [IN_TIME]
    assert ["page=2" in asked.path for asked in server.asked] == [False, True]


@pytest.mark.parametrize(
    "refusal",
    [
        Reply(401),
        Reply(403),
        Reply(404),
        Reply(405),
        Reply(422),
        Reply(500),
        Reply(200, b"<html>"),
        page(),
    ],
    ids=str,
)
async def test_where_the_own_list_says_nothing_the_history_is_asked(connect, refusal):
    item = {"request_id": IN_TIME, "endpoint_id": MODEL.name, "json_input": {"prompt": "a cat"}}
    history = Reply(200, {"items": [item, {**item, "request_id": TOO_EARLY}]})

    def answer(asked):
        return refusal if asked.path.startswith("/requests/") else history

    async with Loopback(answer=answer) as server:
        found = await connect("fal", server.url).find(make_submission("fal"), SINCE, UNTIL)
    assert [each.request_id for each in found] == [IN_TIME], "an id of another time is no match"


async def test_what_neither_list_shows_cannot_be_told(connect):
    async with Loopback(Reply(401), Reply(500)) as server:
        with pytest.raises(PollError):
            await connect("fal", server.url).find(make_submission("fal"), SINCE, UNTIL)
    async with Loopback(Reply(401), NOTHING) as server:
        assert not await connect("fal", server.url).find(make_submission("fal"), SINCE, UNTIL)


@pytest.mark.parametrize(
    ("item", "units"),
    [
        ({"billable_units": 2.5, "status_code": 200}, Decimal("2.5")),
        ({"billable_units": 0, "status_code": 200}, Decimal(0)),
        ({"billable_units": 1, "status_code": 422, "ended_at": "x"}, Decimal(1)),
        ({"billable_units": None, "status_code": 422, "ended_at": "x"}, Decimal(0)),
        ({"billable_units": None, "status_code": 422, "ended_at": None}, None),
        ({"billable_units": None, "status_code": 200, "ended_at": "x"}, None),
        ({"billable_units": True}, None),
        ({"billable_units": "many"}, None),
        ({"billable_units": -1}, None),
        ({"billable_units": float("nan")}, None),
        ({}, None),
    ],
)
def test_the_units_of_a_bill(item, units):
    assert read_units(item) == units


@pytest.mark.parametrize("alone", [True, False])
async def test_the_units_of_one_request_are_found_by_id_or_in_the_list(connect, alone):
    item = listed(billable_units=3.0, status_code=200)

    def answer(asked):
        if urlsplit(asked.path).path == f"/requests/{IN_TIME}":
            return Reply(200, item) if alone else Reply(404)
        return page(listed("other"), item)

    async with Loopback(answer=answer) as server:
        units = await connect("fal", server.url).find_units(MODEL, IN_TIME, SINCE)
        assert units == Decimal("3.0")
        if not alone:
            assert await connect("fal", server.url).find_units(MODEL, TOO_EARLY, SINCE) is None


async def test_units_that_cannot_be_asked_for_are_not_known(connect):
    async with Loopback(RESET) as server:
        with pytest.raises(PollError):
            await connect("fal", server.url).find_units(MODEL, IN_TIME, SINCE)
