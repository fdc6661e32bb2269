"""When a request was queued, by its id: fal's ids are UUIDs of version 7 (RFC 9562, §5.7).

Recorded: the 48 bits of time in an id are `sent_at` of the history to the millisecond.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def read_request_time(request_id: str) -> datetime | None:
    """The moment that an id names; None where it is of another kind, such as fal's older ones."""
    try:
        uuid = UUID(request_id)
    except ValueError:
        return None
    if uuid.version != 7:
        return None
    return EPOCH + timedelta(milliseconds=uuid.int >> 80)
