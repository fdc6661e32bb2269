"""The queue: submit, status, stream of statuses, result, cancel; and the direct run."""

from __future__ import annotations

import asyncio
import json
import math
from dataclasses import replace
from typing import TYPE_CHECKING

from starlette.responses import Response, StreamingResponse

from vidi.sandbox.answers.refusals import fal_refusal
from vidi.sandbox.call import Call, answer_json
from vidi.sandbox.facts.apps import split_endpoint
from vidi.sandbox.fal.keys import check_credit, check_key
from vidi.sandbox.fal.view import show_result, show_status
from vidi.sandbox.faults import UNKNOWN_PATH, Fault
from vidi.sandbox.orders.checks import find_violations
from vidi.sandbox.serving.addresses import QUEUE
from vidi.sandbox.work import is_terminal

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

    from starlette.requests import Request

    from vidi.inference.models.template import ModelInfo
    from vidi.sandbox.work import Work

_LOOK_AGAIN_S = 0.1
"""The longest a stream of statuses sleeps: a cancel may come at any time."""


async def submit(call: Call) -> Response:
    """`POST /{endpoint}`: the queue takes any input; the model refuses it later."""

    async def accept(work: Work) -> Response:
        headers = {"x-fal-request-id": work.id}
        body = show_status(work, "queued", request_urls(call, work), logs=False)
        return answer_json(body, headers=headers)

    return await _take(call, accept)


async def run(call: Call) -> Response:
    """`POST https://fal.run/{endpoint}`: the answer comes when the model is done."""

    async def work_off(work: Work) -> Response:
        while not is_terminal(work.stage(call.now)):
            await asyncio.sleep(_until_change(call, work))
        return await _finished(call, work)

    return await _take(call, work_off)


def check_request_url(request: Request) -> Response | None:
    """Refuse also a request's URL that has the endpoint's path in it: there, one only submits."""
    _, path = split_endpoint(str(request.path_params["app"]))
    misled = Response(status_code=405, headers={"allow": "POST"}) if path else None
    return check_key(request) or misled


async def status(call: Call) -> Response:
    """`GET {status_url}`: 202 until it is done."""
    work = _find(call)
    if work is None:
        return not_found()

    async def look() -> Response:
        done = is_terminal(work.stage(call.now))
        return answer_json(_status_body(call, work), 200 if done else 202)

    return await call.meet("poll", look, model=work.model.id)


async def stream(call: Call) -> Response:
    """`GET {status_url}/stream`: a server-sent event for each status, until it is done."""
    work = _find(call)
    if work is None:
        return not_found()

    async def events() -> AsyncIterator[str]:
        last = ""
        while True:
            stage = work.stage(call.now)
            if stage != last:
                yield f"data: {json.dumps(_status_body(call, work))}\n\n"
            if is_terminal(stage):
                return
            last = stage
            await asyncio.sleep(_until_change(call, work))

    async def open_stream() -> Response:
        return StreamingResponse(events(), media_type="text/event-stream")

    return await call.meet("poll", open_stream, model=work.model.id)


async def result(call: Call) -> Response:
    """`GET {response_url}`: the model's answer, with the model's own HTTP status."""
    work = _find(call)
    if work is None:
        return not_found()
    if not is_terminal(work.stage(call.now)):
        return answer_json({"detail": "Request is still in progress"}, 400)

    async def fetch() -> Response:
        return await _finished(call, work)

    return await call.meet("result", fetch, model=work.model.id)


async def cancel(call: Call) -> Response:
    """`PUT {cancel_url}`."""
    work = _find(call)
    if work is None:
        return not_found()

    async def stop() -> Response:
        if is_terminal(work.stage(call.now)):
            return answer_json({"status": "ALREADY_COMPLETED"}, 400)
        call.sandbox.cancel(work)
        return answer_json({"status": "CANCELLATION_REQUESTED"}, 202)

    return await call.meet("cancel", stop, model=work.model.id)


def not_found() -> Response:
    """The answer for a request that the queue does not know."""
    return answer_json({"status": "NOT_FOUND"}, 404)


def request_urls(call: Call, work: Work) -> dict[str, str]:
    """The URLs of one request; they leave out the endpoint's sub-path."""
    app, _ = split_endpoint(work.model.name)
    own = call.urls.url(QUEUE, f"/{app}/requests/{work.id}")
    return {
        "response_url": own,
        "status_url": f"{own}/status",
        "cancel_url": f"{own}/cancel",
    }


async def _take(call: Call, answer: Callable[[Work], Awaitable[Response]]) -> Response:
    """Take a request that can be billed, and answer it."""
    endpoint = call.path("endpoint")
    model = call.sandbox.find_model(f"fal/{endpoint}")
    params = await call.json()
    fate = None if model else Fault(UNKNOWN_PATH)
    model = model or _sibling(call, endpoint)
    if model is None:
        return _no_such_app(endpoint)
    if not isinstance(params, dict):
        return fal_refusal(400)

    async def accept() -> Response:
        return await answer(_accept(call, model, params, fate))

    return check_credit(call.request) or await call.meet("submit", accept, model=model.id)


def _sibling(call: Call, endpoint: str) -> ModelInfo | None:
    """Something in the endpoint's app, under the endpoint's id.

    The queue knows apps only: it takes a path that the app has not, and the app refuses it.
    """
    app, _ = split_endpoint(endpoint)
    models = call.sandbox.registry.list_models(provider="fal")
    found = next((each for each in models if split_endpoint(each.name)[0] == app), None)
    return replace(found, id=f"fal/{endpoint}") if found else None


def _no_such_app(endpoint: str) -> Response:
    """Of one part the path is no app at all: recorded with an empty body."""
    _, _, alias = endpoint.partition("/")
    if not alias:
        return Response(status_code=404)
    return answer_json({"detail": f'Application "{alias.partition("/")[0]}" not found'}, 404)


def _accept(call: Call, model: ModelInfo, params: dict[str, object], fate: Fault | None) -> Work:
    violations = () if fate else find_violations(model, params)
    work = call.sandbox.accept(model, params, violations=violations, fate=fate)
    headers = call.request.headers
    work.store_payload = headers.get("x-fal-store-io") != "0"
    start_s = _seconds(headers.get("x-fal-request-timeout"))
    if start_s < work.started_at - work.created_at:
        work.deadline_at = work.created_at + start_s
        call.sandbox.billing.charge(work)
    return work


def _find(call: Call) -> Work | None:
    work = call.sandbox.works.get(call.path("id"))
    return work if work and work.model.provider == "fal" else None


def _status_body(call: Call, work: Work) -> dict[str, object]:
    logs = call.request.query_params.get("logs", "").lower() in {"1", "true"}
    urls = request_urls(call, work)
    return show_status(work, work.stage(call.now), urls, logs=logs)


async def _finished(call: Call, work: Work) -> Response:
    if work.stage(call.now) == "succeeded":
        await call.sandbox.finish(work)
    return show_result(work, call.urls, call.sandbox.billing.find(work.id).units)


def _until_change(call: Call, work: Work) -> float:
    """Seconds to sleep until the status may be another."""
    ended_at, _ = work.end()
    queued = call.now < work.started_at
    change = min(work.started_at if queued else ended_at, ended_at)
    return max(0.001, min(change - call.now, _LOOK_AGAIN_S))


def _seconds(text: str | None) -> float:
    try:
        return float(text) if text else math.inf
    except ValueError:
        return math.inf
