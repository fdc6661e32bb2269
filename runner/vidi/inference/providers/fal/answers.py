"""fal's answers to a submit and to a status, read: pure functions of values.

https://fal.ai/docs/documentation/model-apis/queue, checked 2026-11-22.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING
from urllib.parse import quote

from vidi.inference.providers.account import FAL
from vidi.inference.providers.fal.error_codes import RUNNER_TYPES, read_billable_units, read_words
from vidi.inference.providers.provider import Accepted, Running
from vidi.inference.providers.transport.refusal import in_doubt, refusal
from vidi.inference.providers.transport.request_id import is_request_id
from vidi.inference.providers.web_address import is_web_address

if TYPE_CHECKING:
    from vidi.inference.models.template import ModelInfo
    from vidi.inference.providers.transport.answer import Answer, Fields

QUEUE = "https://queue.fal.run"
NAMESPACES = ("workflows", "comfy")
"""Endpoints whose owner is the second part of the id (fal-client 1.0.3, `APP_NAMESPACES`)."""
FAILED = frozenset({"FAILED", "CANCELLED"})
"""Seen in the status of requests that ended badly; documented is `COMPLETED` for those too."""
ENDED = frozenset({"COMPLETED", *FAILED})
"""Statuses after which the result is asked for at once."""

WHOLE = frozenset({"status", "response_url", "status_url", "cancel_url", "logs", "metrics"})
"""The fields of each recorded status of a request that has ended, beside its id."""


def read_receipt(answer: Answer, model: ModelInfo) -> Accepted:
    """Read the answer to a submit.

    Raises:
        VidiError: As the table of submits says.
    """
    if not answer.ok:
        raise _refusal(answer)
    fields = answer.fields()
    request_id = fields.get("request_id")
    if not is_request_id(request_id):
        raise in_doubt(FAL, f"the answer holds no request_id: {answer.text()}")
    return Accepted(request_id, derive_urls(model.name, request_id) | _given_urls(fields))


def _refusal(answer: Answer) -> Exception:
    words = read_words(answer)
    for_all = FAL.refused_for_all(answer.status, words.said, words.error_type)
    return for_all or refusal(
        answer, FAL, words.said, paid=answer.status == 422 and _did_a_runner_work(answer)
    )


def _did_a_runner_work(answer: Answer) -> bool:
    """Whether a 422 may be billed: GPU time was spent (https://docs.fal.ai/faq)."""
    return (
        bool(read_billable_units(answer))
        or "x-fal-served-from" in answer.headers
        or read_words(answer).error_type in RUNNER_TYPES
    )


def _given_urls(fields: Fields) -> dict[str, str]:
    given = {name: fields.get(f"{name}_url") for name in ("status", "response", "cancel")}
    return {name: url for name, url in given.items() if is_web_address(url)}


def derive_urls(endpoint: str, request_id: str) -> dict[str, str]:
    """Build a request's URLs: owner and alias alone, without the endpoint's further path."""
    parts = endpoint.split("/")
    count = 3 if parts[0] in NAMESPACES else 2
    base = f"{QUEUE}/{'/'.join(parts[:count])}/requests/{quote(request_id, safe='')}"
    return {"status": f"{base}/status", "response": base, "cancel": f"{base}/cancel"}


def read_running(status: Fields) -> Running | None:
    """Read a status that is not the end; None where the request has ended, well or not."""
    word = str(status.get("status"))
    if word in ENDED:
        return None
    position = status.get("queue_position")
    return Running(
        word,
        known=word in {"IN_QUEUE", "IN_PROGRESS"},
        queue_position=position if type(position) is int else None,
    )


def read_end(line: str) -> Fields | None:
    """The status in a line of the stream (server-sent events) that tells the end; else None."""
    field, _, data = line.partition(":")
    if field != "data":
        return None
    try:
        status = json.loads(data)
    except (ValueError, RecursionError):
        return None
    ended = isinstance(status, dict) and str(status.get("status")) in ENDED
    return status if ended else None


def is_whole(status: Fields, request_id: str) -> bool:
    """Whether that is all a GET of the status would answer, of this very request.

    Recorded of each that has ended: `status`, `request_id`, the three URLs, `logs`, `metrics`.
    """
    return status.get("request_id") == request_id and status.keys() >= WHOLE
