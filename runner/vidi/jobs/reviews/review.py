"""One review: what somebody has said of one thing that was made."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from datetime import datetime

Verdict = Literal["approved", "rejected", ""]

VERDICTS = ("approved", "rejected")
REVIEWS_NAME = "reviews.yaml"


@dataclass(frozen=True, slots=True)
class Review:
    """A line of reviews.yaml. It is about one content: what is bought anew is not reviewed yet."""

    id: str
    fingerprint: str
    """Of what was asked for."""
    asset: str
    """The sha256 of the first file that came of it."""
    at: datetime
    """When it was said: of two lines about the same, the later one holds."""
    verdict: Verdict = ""
    favourite: bool = False
    note: str = ""
    seed: int | None = None
    """With which it is to be bought instead, where it is rejected and its model takes one."""
    sandbox: bool = False
    """Whether it is about what the sandbox made."""

    @property
    def key(self) -> tuple[str, str, str, bool]:
        """What it is about."""
        return self.id, self.fingerprint, self.asset, self.sandbox
