"""Results that a provider does not hand out: how often and how long, before that is believed."""

from __future__ import annotations

import time

FEWEST = 6
"""How often a result must be refused, however long that takes."""


class RefusedResults:
    """What has been refused so far, by request."""

    def __init__(self) -> None:
        self._times: dict[str, int] = {}
        self._since: dict[str, float] = {}

    def stays(self, request_id: str, seconds: float) -> bool:
        """Note that a result was refused once more; whether it was often, and for so long.

        Args:
            request_id: Whose result it is.
            seconds: For how long it must have been refused.
        """
        now = time.monotonic()
        self._times[request_id] = self._times.get(request_id, 0) + 1
        since = self._since.setdefault(request_id, now)
        return self._times[request_id] >= FEWEST and now - since >= seconds
