"""The times that providers write into their lists."""

from __future__ import annotations

from datetime import UTC, datetime


def read_moment(value: object) -> datetime | None:
    """The moment that a text says, in UTC where it names no zone; None where it says none."""
    if not isinstance(value, str):
        return None
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
