"""`GET /v1/models/requests/by-endpoint`: what was asked of an endpoint, and when."""

from __future__ import annotations

import math
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from vidi.sandbox.answers.refusals import platform_error
from vidi.sandbox.call import Call, answer_json
from vidi.sandbox.fal.failures import failure_of
from vidi.sandbox.fal.pages import page_of
from vidi.sandbox.fal.view import answer_of
from vidi.sandbox.work import is_terminal

if TYPE_CHECKING:
    from starlette.responses import Response

    from vidi.sandbox.work import Work

_WINDOW_S = 24 * 3600
_MOST_ENDPOINTS = 50
_LARGEST_PAGE = 100


async def list_requests(call: Call) -> Response:
    """List requests by endpoint and time window, newest first."""
    query = call.request.query_params
    endpoints = query.getlist("endpoint_id")
    if not 1 <= len(endpoints) <= _MOST_ENDPOINTS:
        return platform_error(400)

    async def show() -> Response:
        start = read_moment(query.get("start"), call.now - _WINDOW_S)
        end = read_moment(query.get("end"), math.inf)
        works = [
            work
            for work in reversed(call.sandbox.works.values())
            if work.model.provider == "fal"
            and work.model.name in endpoints
            and start <= work.created_at < end
            and query.get("request_id", work.id) == work.id
            and _has_status(call, work, query.get("status"))
        ]
        page = page_of(call.request, works, _LARGEST_PAGE)
        payloads = query.get("expand") == "payloads"
        items = [await _item(call, work, payloads=payloads) for work in page.items]
        return answer_json({"items": items, **page.turn()})

    return await call.meet("list", show, model=f"fal/{endpoints[0]}")


async def _item(call: Call, work: Work, *, payloads: bool) -> dict[str, object]:
    stage = work.stage(call.now)
    shown: dict[str, object] = {
        "request_id": work.id,
        "endpoint_id": work.model.name,
        "sent_at": show_moment(work.created_at),
    }
    if stage != "queued":
        shown["started_at"] = show_moment(work.started_at)
    if is_terminal(stage):
        ended_at, _ = work.end()
        shown |= {"ended_at": show_moment(ended_at), "duration": work.busy_s}
        shown["status_code"] = _status_code(work)
    if payloads and work.store_payload and work.doom != "data-removed":
        shown["json_input"] = dict(work.input)
        if stage == "succeeded":
            await call.sandbox.finish(work)
            shown["json_output"] = answer_of(work, call.urls)
    return shown


def _has_status(call: Call, work: Work, wanted: str | None) -> bool:
    if wanted is None:
        return True
    if not is_terminal(work.stage(call.now)):
        return False
    code = _status_code(work)
    return wanted == ("success" if code == 200 else "user_error" if code < 500 else "error")


def _status_code(work: Work) -> int:
    _, stage = work.end()
    return 200 if stage == "succeeded" else failure_of(work, stage).status


def read_moment(text: str | None, otherwise: float) -> float:
    """Seconds since the epoch of a time in a query."""
    if not text:
        return otherwise
    try:
        return datetime.fromisoformat(text).timestamp()
    except ValueError:
        return otherwise


def show_moment(at: float) -> str:
    """A moment to the millisecond, with `Z`."""
    moment = datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds")
    return moment.replace("+00:00", "Z")
