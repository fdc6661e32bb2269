"""How long a download may take, how large it may be, and how often it is tried."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from vidi.inference.models.template import OutputType

if TYPE_CHECKING:
    from collections.abc import Collection

KEPT_S = {"replicate": 3600}
"""Seconds for which a provider is known to keep what it made, from its end
(https://replicate.com/docs/topics/predictions/data-retention); fal's pages disagree."""


@dataclass(frozen=True, slots=True)
class Limits:
    """The bounds of one download. Times in seconds, sizes in bytes."""

    max_bytes: int = 4 * 1024**3
    max_image_bytes: int = 512 * 1024**2
    """Of an image; what a project may raise in vidi.toml (`max_image_mib`)."""
    max_inline_bytes: int = 64 * 1024**2
    """Of a `data:` URI, decoded."""
    max_redirects: int = 5
    connect_s: float = 15.0
    read_s: float = 60.0
    """How long nothing may come."""
    total_s: float = 3600.0
    """How long one file may take, with every new try and every wait."""
    attempts: int = 6
    """Tries in a row that bring nothing new."""
    checks: int = 3
    """Files that are fetched anew, one after another, while what came fails its check."""
    wait_s: float = 0.5
    """The first wait between two tries; it doubles."""
    longest_wait_s: float = 30.0
    """No wait is longer, whatever a server asks for."""

    def of_kinds(self, kinds: Collection[OutputType]) -> Limits:
        """The bounds of a file that may be of these kinds: what can only be an image is smaller."""
        if set(kinds) != {OutputType.IMAGE}:
            return self
        return replace(self, max_bytes=min(self.max_bytes, self.max_image_bytes))
