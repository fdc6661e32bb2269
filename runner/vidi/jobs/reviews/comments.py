"""What people have written into reviews.yaml beside the reviews, kept where it stood."""

from __future__ import annotations

from bisect import bisect
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from vidi.jobs.reading.comments import list_comments

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vidi.jobs.reviews.review import Key


@dataclass(frozen=True, slots=True)
class Comments:
    """The comments of a file, each with its `#`: which lines they stand above, and behind."""

    head: list[str] = field(default_factory=list)
    above: dict[Key, list[str]] = field(default_factory=dict)
    behind: dict[Key, list[str]] = field(default_factory=dict)
    tail: list[str] = field(default_factory=list)


def find_comments(text: str, starts: Sequence[int], keys: Sequence[Key]) -> Comments:
    """Find what is written beside the reviews of a file.

    Args:
        text: The file, which is valid.
        starts: Where each review begins, in characters.
        keys: What each review is about.
    """
    found = Comments()
    for comment in list_comments(text):
        before = bisect(starts, comment.at)
        if comment.above_item and before < len(keys):
            found.above.setdefault(keys[before], []).append(comment.text)
        elif comment.above_item:
            found.tail.append(comment.text)
        elif not before:
            found.head.append(comment.text)
        else:
            where = found.above if comment.alone else found.behind
            where.setdefault(keys[before - 1], []).append(comment.text)
    return found
