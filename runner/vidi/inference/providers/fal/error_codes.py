"""fal's error bodies, which come in five families, read into one value.

https://fal.ai/docs/documentation/model-apis/errors and …/request-errors, checked 2026-11-22:
`{"detail": [{"loc", "msg", "type"}]}` from models (recorded once as the object itself, with
`message`), `{"detail": "…", "error_type": "…"}` from the queue, `{"detail": "…"}` from old models,
`{"error": {"message", "code"}}` from the oldest, `{"error": {"type", "message"}}` from fal's
platform.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING

from vidi.inference.providers.transport.answer import shorten

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vidi.inference.providers.transport.answer import Answer, Fields

RUNNER_TYPES = frozenset({"content_policy_violation", "no_media_generated"})
"""Types that only a model that has worked can report."""

SERVER_TYPES = frozenset(
    {
        "downstream_service_error",
        "downstream_service_unavailable",
        "generation_timeout",
        "internal_error",
        "internal_server_error",
        "request_timeout",
        "runner_connection_error",
        "runner_connection_refused",
        "runner_connection_timeout",
        "runner_disconnected",
        "runner_incomplete_response",
        "runner_scheduling_failure",
        "runner_server_error",
        "startup_timeout",
    }
)
"""Types that stand for a 5xx: not billed, and worth another attempt."""

CANCELED_TYPES = frozenset({"client_cancelled", "client_disconnected"})


@dataclass(frozen=True, slots=True)
class Words:
    """What fal said about an error."""

    said: str
    error_type: str = ""
    structured: bool = False
    """Whether the body has a form that only fal's platform or a model writes."""


def read_words(answer: Answer) -> Words:
    """Read an error answer of any family."""
    fields = answer.fields()
    detail, error = fields.get("detail"), fields.get("error")
    header_type = answer.headers.get("x-fal-error-type", "")
    if isinstance(detail, dict) and detail:
        detail = [detail]
    if isinstance(detail, list) and detail:
        return _read_items([each for each in detail if isinstance(each, dict)], answer, header_type)
    kind = _first(fields.get("error_type"), header_type)
    if isinstance(error, dict):
        said = _first(error.get("message"), error)
        kind = _first(kind, error.get("type"), error.get("code"))
        return Words(shorten(said), kind, structured=True)
    said = _first(detail, error, answer.text(), f"HTTP {answer.status}")
    return Words(shorten(said), kind, structured=bool(kind))


def _first(*texts: object) -> str:
    return next((str(text) for text in texts if text), "")


def _read_items(items: Sequence[Fields], answer: Answer, header_type: str) -> Words:
    said = shorten("; ".join(map(_read_item, items))) or answer.text()
    kind = next((str(each["type"]) for each in items if each.get("type")), header_type)
    return Words(said, kind, structured=True)


def _read_item(item: Fields) -> str:
    place = item.get("loc")
    path = ".".join(map(str, place)) if isinstance(place, list) else ""
    told = item.get("msg") or item.get("message")
    said = str(told or item.get("type") or item)
    kind = f" ({item['type']})" if told and item.get("type") else ""
    return f"{path.removeprefix('body.')}: {said}{kind}" if path else f"{said}{kind}"


def read_billable_units(answer: Answer) -> Decimal | None:
    """The units that fal bills for this result; None where the header is absent or unreadable."""
    try:
        units = Decimal(answer.headers.get("x-fal-billable-units", ""))
    except InvalidOperation:
        return None
    return units if units.is_finite() and units >= 0 else None


def read_retryable(answer: Answer) -> bool | None:
    """Whether fal itself calls the failure transient; None where it does not say.

    Two names of one header are documented: `X-Fal-Retryable` and `X-Fal-Needs-Retry`.
    """
    for name in ("x-fal-retryable", "x-fal-needs-retry"):
        value = answer.headers.get(name, "").strip().lower()
        if value:
            return value in {"true", "1", "yes"}
    return None
