"""fal's history of requests, read: where results outlive the queue, and where lost ones are found.

The queue keeps a result for an hour, and for six minutes where it is 10 KB or more; the history
keeps it for 30 days unless the account stores no payloads
(https://fal.ai/docs/inference-api/queue/result, checked 2026-11-22).
"""

from __future__ import annotations

from datetime import UTC, timedelta
from typing import TYPE_CHECKING

from vidi.inference.providers.fal.answers import derive_urls
from vidi.inference.providers.fal.request_time import read_request_time
from vidi.inference.providers.provider import Accepted, Failed, PollResult, Succeeded
from vidi.inference.providers.same_json import is_same_json
from vidi.inference.providers.timestamps import read_moment
from vidi.inference.providers.transport.request_id import is_request_id

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from vidi.inference.models.template import ModelInfo
    from vidi.inference.providers.provider import Submission
    from vidi.inference.providers.transport.answer import Fields

HISTORY = "https://api.fal.ai/v1/models/requests/by-endpoint"
"""https://fal.ai/docs/platform-apis/v1/models/requests/by-endpoint"""
SURELY_KEPT = timedelta(minutes=6)
"""How long the queue keeps any result; before that, one that is not found may yet appear."""


def query_window(
    model: ModelInfo, since: datetime, until: datetime, now: datetime
) -> Mapping[str, str]:
    """Ask for every request since a moment, with its payloads.

    It is not documented by which of its times fal filters, so everything up to now is asked for,
    and `match_request` keeps the window.
    """
    end = max(until, now) + timedelta(minutes=1)
    times = {"start": _stamp(since), "end": _stamp(end)}
    return {"endpoint_id": model.name, **times, "expand": "payloads", "limit": "100"}


def query_request(model: ModelInfo, request_id: str) -> Mapping[str, str]:
    """Ask for one request, with its payloads."""
    return {"endpoint_id": model.name, "request_id": request_id, "expand": "payloads"}


def match_request(
    item: Fields, submission: Submission, since: datetime, until: datetime
) -> Accepted | None:
    """Recognise a submission by endpoint, time and exactly equal input.

    An item without a readable time, and with an id that names none, passes: it was asked for by
    time.
    """
    request_id = item.get("request_id")
    if not is_request_id(request_id):
        return None
    told = read_moment(item.get("sent_at")) or read_moment(item.get("started_at"))
    sent = told or read_request_time(request_id)
    if sent is not None and not since <= sent <= until:
        return None
    is_ours = item.get("endpoint_id", submission.model.name) == submission.model.name
    if not is_ours or not is_same_json(item.get("json_input"), submission.params):
        return None
    return Accepted(request_id, derive_urls(submission.model.name, request_id))


def read_kept(item: Fields, now: datetime) -> PollResult | None:
    """Read what became of a request that the queue no longer knows; None where that is unclear."""
    output, code, ended = item.get("json_output"), item.get("status_code"), item.get("ended_at")
    code = code if isinstance(code, int) else 200
    if output and 200 <= code < 300:
        return Succeeded(output)
    end = read_moment(ended)
    if end is None or now - end < SURELY_KEPT:
        return None
    if code >= 400:
        return Failed("failed", f"it ended with HTTP {code}", free=code >= 500)
    said = "it succeeded, but fal.ai no longer keeps its result"
    return Failed("failed", said, error_type="result_gone")


def _stamp(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
