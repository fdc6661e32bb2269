"""`GET rest.fal.ai/requests/`: the account's own list, over all endpoints; its pages use it.

It is documented nowhere; public programs of 2026-08 and 2026-09 read it so.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.responses import JSONResponse

from vidi.sandbox.answers.refusals import model_error
from vidi.sandbox.call import Call, answer_json
from vidi.sandbox.fal.failures import failure_of
from vidi.sandbox.fal.history import read_moment, show_moment
from vidi.sandbox.fal.pages import whole
from vidi.sandbox.fal.view import answer_of
from vidi.sandbox.work import is_terminal

if TYPE_CHECKING:
    from starlette.responses import Response

    from vidi.sandbox.work import Work

_LARGEST_PAGE = 100


async def list_own(call: Call) -> Response:
    """`GET /requests/?start_time=&end_time=&page=&size=`: newest first; both times are needed."""
    query = call.request.query_params
    missing = [name for name in ("start_time", "end_time") if not query.get(name)]
    if missing:
        fields = [model_error(["query", name], "Field required", "missing") for name in missing]
        return JSONResponse({"detail": fields}, 422)

    async def show() -> Response:
        start = read_moment(query.get("start_time"), 0)
        end = read_moment(query.get("end_time"), call.now)
        works = [
            work
            for work in reversed(call.sandbox.works.values())
            if work.model.provider == "fal" and start <= work.created_at <= end
        ]
        page = max(1, whole(query.get("page"), 1))
        size = max(1, min(_LARGEST_PAGE, whole(query.get("size"), 50)))
        shown = works[(page - 1) * size : page * size]
        items = [await _show(call, work) for work in shown]
        return answer_json(
            {"items": items, "total": None, "page": page, "size": size, "pages": None}
        )

    return await call.meet("list", show)


async def get_own(call: Call) -> Response:
    """`GET /requests/{id}`: one of them."""
    work = call.sandbox.works.get(call.path("id"))
    if work is None or work.model.provider != "fal":
        return answer_json({"detail": "Request not found"}, 404)

    async def show() -> Response:
        return answer_json(await _show(call, work))

    return await call.meet("list", show, model=work.model.id)


async def _show(call: Call, work: Work) -> dict[str, object]:
    stage = work.stage(call.now)
    started = None if stage == "queued" else show_moment(work.started_at)
    shown: dict[str, object] = {
        "request_id": work.id,
        "endpoint": work.model.name,
        "queued_at": show_moment(work.created_at),
        "started_at": started,
        "request_started_at": started,
        **dict.fromkeys(("ended_at", "duration", "status_code", "error_type", "billable_units")),
        "billing_status": "PENDING",
        "cost": 0,
        "cost_estimate_nano_usd": None,
        "json_input": None,
        "json_output": None,
    }
    if is_terminal(stage):
        shown |= _show_end(call, work)
    if work.store_payload and work.doom != "data-removed":
        shown["json_input"] = dict(work.input)
        if stage == "succeeded":
            await call.sandbox.finish(work)
            shown["json_output"] = answer_of(work, call.urls)
    return shown


def _show_end(call: Call, work: Work) -> dict[str, object]:
    """The end; no failed request that was read there had a unit (31 of 31)."""
    ended_at, stage = work.end()
    units = call.sandbox.billing.find(work.id).units
    failure = None if stage == "succeeded" else failure_of(work, stage)
    return {
        "ended_at": show_moment(ended_at),
        "duration": work.busy_s,
        "status_code": failure.status if failure else 200,
        "error_type": failure.kind if failure else None,
        "billable_units": float(units) if units and not failure else None,
        "billing_status": "PROCESSED",
    }
