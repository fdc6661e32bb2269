"""One review: what somebody has said of one thing that was made; and all of a file."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime
    from pathlib import Path

Verdict = Literal["approved", "rejected", ""]
Key = tuple[str, str, str, bool]
"""What a review is about: its id, fingerprint and asset, and whether the sandbox made it."""

VERDICTS = ("approved", "rejected")
REVIEWS_NAME = "reviews.yaml"
MAX_NOTE = 2000
"""Characters."""
MAX_SEED = 65_535
"""No model is known whose seeds end before that."""


def name_reviews(job_file: Path) -> Path:
    """The reviews.yaml of a job file: beside it."""
    return job_file.parent / REVIEWS_NAME


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
    def key(self) -> Key:
        """What it is about."""
        return self.id, self.fingerprint, self.asset, self.sandbox

    @property
    def says_something(self) -> bool:
        """Whether there is anything to keep."""
        return bool(self.verdict or self.favourite or self.note)


class Reviews:
    """What people have said, one review for each thing that it is about."""

    def __init__(self, reviews: Iterable[Review] = ()) -> None:
        self._reviews: dict[Key, Review] = {}
        for review in sorted(reviews, key=lambda each: each.at):
            self._reviews[review.key] = review
        self._by_content = {each.key[1:]: each for each in self._reviews.values()}
        """What is said under any id: an entry may have been renamed since."""

    def __iter__(self) -> Iterator[Review]:
        return iter(sorted(self._reviews.values(), key=lambda each: each.key))

    def __bool__(self) -> bool:
        return bool(self._reviews)

    def find(self, key: str, fingerprint: str, asset: str, *, sandbox: bool) -> Review | None:
        """What is said of one content; None where nothing is."""
        own = self._reviews.get((key, fingerprint, asset, sandbox))
        return own or self._by_content.get((fingerprint, asset, sandbox))

    def with_changes(self, changes: Iterable[Review]) -> Reviews:
        """These reviews, with others in the place of those about the same."""
        merged = self._reviews | {each.key: each for each in changes}
        return Reviews(each for each in merged.values() if each.says_something)
