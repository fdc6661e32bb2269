"""fal's request ids: a UUIDv7, whose first 48 bits are the millisecond of the submit."""

from __future__ import annotations

from secrets import randbits
from uuid import UUID

_VERSION, _VARIANT = 7, 2


def make_request_id(at: float) -> str:
    """An id for a request that comes in at this moment.

    Args:
        at: Seconds since the epoch.
    """
    number = int(at * 1000) << 80 | _VERSION << 76 | randbits(12) << 64 | _VARIANT << 62
    return str(UUID(int=number | randbits(62)))
