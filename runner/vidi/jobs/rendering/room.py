"""How much text the params of a job may hold that templates made: each inference has its own.

A job may come from a stranger: `{{ file('a.txt') }}{{ n }}` in a matrix of 100,000 is 100 GB.
"""

from __future__ import annotations

from vidi.jobs.rendering.environment import TooBigError

MOST_BYTES = 256 * 1024 * 1024
"""Of all inferences of a job file together: 2.6 kB for each of 100,000."""
SHARED = 4096
"""Characters from which a text is looked for among those before: one value of many is held once."""


class RenderedRoom:
    """What the params of one job file hold so far."""

    __slots__ = ("_bytes", "_held")

    def __init__(self) -> None:
        self._bytes = 0
        self._held: dict[int, str] = {}

    def take(self, value: object) -> None:
        """Count the texts of a value, which is going to be kept.

        Raises:
            TooBigError: All together are too many.
        """
        self._add(value)
        if self._bytes > MOST_BYTES:
            raise TooBigError(f"params of more than {MOST_BYTES // 1024**2} MiB in one job file")

    def _add(self, value: object) -> None:
        if isinstance(value, str):
            if len(value) >= SHARED:
                if id(value) in self._held:
                    return
                self._held[id(value)] = value  # so that no other text gets its number
            self._bytes += value.__sizeof__()
        elif isinstance(value, dict):
            for each in value.values():
                self._add(each)
        elif isinstance(value, list):
            for each in value:
                self._add(each)
