"""How long a provider asks us to wait, in all the forms in which they say it."""

from __future__ import annotations

import math
import re
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from vidi.inference.providers.transport.answer import Answer

LONGEST_S = 300.0
"""Seconds; a provider that asks for more is asked again after this."""


def read_retry_after(answer: Answer, *, now: datetime | None = None) -> float | None:
    """Find the wait in seconds; None where the answer names none.

    In order: the header `Retry-After` (seconds or a date), the body's `retry_after`, "~30s" in the
    body's `detail` (Replicate's rate limits), the header `ratelimit-reset`.
    """
    fields = answer.fields()
    told = re.search(r"~\s*(\d+(?:\.\d+)?)\s*s\b", str(fields.get("detail", "")))
    waits = (
        _seconds(answer.headers.get("retry-after")),
        _until(answer.headers.get("retry-after"), now or datetime.now(UTC)),
        _seconds(fields.get("retry_after")),
        _seconds(told[1]) if told else None,
        _seconds(answer.headers.get("ratelimit-reset")),
    )
    return next((min(max(wait, 0.0), LONGEST_S) for wait in waits if wait is not None), None)


def _seconds(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    try:
        seconds = float(value)
    except (ValueError, OverflowError):
        return None
    return None if math.isnan(seconds) else seconds


def _until(value: str | None, now: datetime) -> float | None:
    try:
        date = parsedate_to_datetime(value or "")
    except ValueError:
        return None
    moment = date if date.tzinfo else date.replace(tzinfo=UTC)
    return (moment - now).total_seconds()
