"""`/v1/predictions`: create, look, list, cancel."""

from __future__ import annotations

import asyncio
import math
import re
from datetime import datetime
from typing import TYPE_CHECKING

from vidi.json_values import as_object
from vidi.sandbox.answers.cursors import cursor_to, read_cursor
from vidi.sandbox.answers.refusals import replicate_problem
from vidi.sandbox.call import Call, answer_json
from vidi.sandbox.facts.official import is_official, version_of
from vidi.sandbox.orders.checks import find_violations
from vidi.sandbox.replicate.account import check_credit
from vidi.sandbox.replicate.body import refuse_body, refuse_input
from vidi.sandbox.replicate.view import show_prediction
from vidi.sandbox.serving.addresses import REPLICATE
from vidi.sandbox.work import is_terminal

if TYPE_CHECKING:
    from starlette.responses import Response

    from vidi.inference.models.template import ModelInfo
    from vidi.json_values import JsonMapping
    from vidi.sandbox.work import Work

_PAGE = 100
_CREATE_LIMITS = {"ratelimit-remaining": "599", "ratelimit-reset": "1"}
_OTHER_LIMITS = {"ratelimit-remaining": "2999", "ratelimit-reset": "1"}
_SHORTEST_DEADLINE_S = 5.0
_LONGEST_RUN_S = 1800.0
"""Predictions end after 30 minutes of running."""


async def create(call: Call) -> Response:
    """`POST /v1/predictions`: by version, or by the name of an official model."""
    given = await call.json()
    refusal = refuse_body(given, needed=("version", "input"))
    if refusal:
        return refusal
    body = as_object(given)
    model = _find_model(call, str(body["version"]))
    if model is None:
        return replicate_problem(
            422,
            "The specified version does not exist (or perhaps you don't have permission to use "
            "it?)",
            title="Invalid version or not permitted",
        )
    return await _create(call, model, body)


async def create_official(call: Call) -> Response:
    """`POST /v1/models/{owner}/{name}/predictions`: official models only."""
    body = await call.json()
    refusal = refuse_body(body, needed=("input",))
    if refusal:
        return refusal
    model = call.sandbox.find_model(f"replicate/{call.path('owner')}/{call.path('name')}")
    if model is None or not is_official(model):
        return replicate_problem(404)
    return await _create(call, model, as_object(body))


async def create_deployed(call: Call) -> Response:
    """`POST /v1/deployments/{owner}/{name}/predictions`: those that have a template."""
    body = await call.json()
    refusal = refuse_body(body, needed=("input",))
    if refusal:
        return refusal
    name = f"{call.path('owner')}/{call.path('name')}"
    model = call.sandbox.find_model(f"replicate/deployments/{name}")
    return await _create(call, model, as_object(body)) if model else replicate_problem(404)


async def get(call: Call) -> Response:
    """`GET /v1/predictions/{id}`."""
    work = call.sandbox.works.get(call.path("id"))
    if work is None or work.model.provider != "replicate":
        return replicate_problem(404)

    async def look() -> Response:
        return answer_json(await _seen(call, work), headers=_OTHER_LIMITS)

    async def fetch() -> Response:
        if not is_terminal(work.stage(call.now)):
            return await look()
        return await call.meet("result", look, model=work.model.id)

    return await call.meet("poll", fetch, model=work.model.id)


async def cancel(call: Call) -> Response:
    """`POST /v1/predictions/{id}/cancel`."""
    work = call.sandbox.works.get(call.path("id"))
    if work is None or work.model.provider != "replicate":
        return replicate_problem(404)

    async def stop() -> Response:
        call.sandbox.cancel(work)
        return answer_json(await _seen(call, work), headers=_OTHER_LIMITS)

    return await call.meet("cancel", stop, model=work.model.id)


async def list_all(call: Call) -> Response:
    """`GET /v1/predictions`: newest first, 100 a page."""

    async def show() -> Response:
        query = call.request.query_params
        after, before = (_moment(query.get(name)) for name in ("created_after", "created_before"))
        works = [
            work
            for work in reversed(call.sandbox.works.values())
            if work.model.provider == "replicate"
            and (after is None or work.created_at > after)
            and (before is None or work.created_at < before)
        ]
        start = read_cursor(query.get("cursor"))
        page = works[start : start + _PAGE]
        more = start + _PAGE < len(works)
        body = {
            "previous": _page_url(call, start - _PAGE) if start else None,
            "next": _page_url(call, start + _PAGE) if more else None,
            "results": [await _seen(call, work) for work in page],
        }
        return answer_json(body, headers=_OTHER_LIMITS)

    return await call.meet("list", show)


async def _create(call: Call, model: ModelInfo, body: JsonMapping) -> Response:
    refusal = check_credit(call.request)
    given, webhook = as_object(body["input"]), body.get("webhook")

    async def accept() -> Response:
        violations = find_violations(model, given)
        if violations:
            return refuse_input(violations)
        if _deadline(call) < _SHORTEST_DEADLINE_S:
            return replicate_problem(400, "Cancel-After must be at least 5 seconds")
        work = call.sandbox.accept(model, given, deadline_s=_deadline(call))
        work.webhook = webhook if isinstance(webhook, str) else None
        wait = _wait(call)
        if wait is None:
            return answer_json(show_prediction(work, call.urls, None), 201, _CREATE_LIMITS)
        return await _answer_late(call, work, wait)

    return refusal or await call.meet("submit", accept, model=model.id)


async def _answer_late(call: Call, work: Work, wait: int) -> Response:
    """Hold the answer as `Prefer: wait` asks.

    What is done by then is still called processing, with its files inline: so it was recorded.
    """
    until = call.now + wait
    while not is_terminal(work.stage(call.now)) and call.now < until:
        await asyncio.sleep(0.02)
    body = show_prediction(work, call.urls, None)
    now = call.now
    if work.stage(now) == "succeeded":
        await call.sandbox.finish(work)
        inline = show_prediction(work, call.urls, now, inline=True)
        body |= {"status": "processing", "output": inline["output"]}
    elif is_terminal(work.stage(now)):
        body = show_prediction(work, call.urls, now)
    return answer_json(body, 201, {**_CREATE_LIMITS, "Preference-Applied": f"wait={wait}"})


async def _seen(call: Call, work: Work) -> dict[str, object]:
    now = call.now  # once: it may end in between
    if work.stage(now) == "succeeded":
        await call.sandbox.finish(work)
    return show_prediction(work, call.urls, now)


def _find_model(call: Call, version: str) -> ModelInfo | None:
    """By `owner/name` (official), `owner/name:hash`, or `hash` (community)."""
    if "/" not in version:
        return call.sandbox.find_version(version)
    name, _, wanted = version.partition(":")
    model = call.sandbox.find_model(f"replicate/{name}")
    official = model is not None and is_official(model)
    if official or not wanted:
        return model if official and not wanted else None
    if model is not None and wanted == version_of(model):
        return model
    return call.sandbox.find_model(f"replicate/{name}:{wanted}")  # an earlier one that is asked for


def _deadline(call: Call) -> float:
    """Seconds until the prediction must have ended, by `Cancel-After: 90s` or `5m`."""
    match = re.fullmatch(r"(\d+)([smh]?)", call.request.headers.get("cancel-after", "").strip())
    if match is None:
        return _LONGEST_RUN_S
    return min(_LONGEST_RUN_S, int(match[1]) * {"": 1, "s": 1, "m": 60, "h": 3600}[match[2]])


def _wait(call: Call) -> int | None:
    """Seconds that `Prefer: wait` or `Prefer: wait=5` asks for."""
    match = re.fullmatch(r"wait(?:=(\d+))?", call.request.headers.get("prefer", "").strip())
    return max(1, min(60, int(match[1] or 60))) if match else None


def _moment(text: str | None) -> float | None:
    if not text:
        return None
    try:
        return datetime.fromisoformat(text).timestamp()
    except ValueError:
        return math.inf


def _page_url(call: Call, start: int) -> str:
    query = call.request.url.include_query_params(cursor=cursor_to(max(0, start))).query
    return f"{call.urls.url(REPLICATE, '/v1/predictions')}?{query}"
