"""What people have written into reviews.yaml beside the reviews, kept where it stood."""

from __future__ import annotations

from bisect import bisect
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING

import yaml
from yaml import BlockEndToken, BlockEntryToken, BlockSequenceStartToken, StreamEndToken

from vidi.jobs.reading.surrogates import join_surrogates

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from vidi.jobs.reviews.review import Key

_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""The C scanner, where PyYAML was built with it."""
_ENTRY = (BlockEntryToken, BlockEndToken, BlockSequenceStartToken, StreamEndToken)
"""What comes after a comment that belongs to the line below it."""


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
    for at, comment, follower in _list_comments(text):
        before = bisect(starts, at)
        alone = not text[text.rfind("\n", 0, at) + 1 : at].strip()
        opens = alone and isinstance(follower, _ENTRY)
        if opens and before < len(keys):
            found.above.setdefault(keys[before], []).append(comment)
        elif opens:
            found.tail.append(comment)
        elif not before:
            found.head.append(comment)
        else:
            found_at = found.above if alone else found.behind
            found_at.setdefault(keys[before - 1], []).append(comment)
    return found


def _list_comments(text: str) -> Iterator[tuple[int, str, object]]:
    """Each comment: where it begins, what it says, and which token follows it."""
    tokens = yaml.scan(join_surrogates(text), Loader=_Loader)
    for token, follower in pairwise(tokens):  # what is between two tokens is space and comments
        start = token.end_mark.index
        between = text[start : follower.start_mark.index]
        for line in between.splitlines(keepends=True):
            if "#" in line:
                behind = line.index("#")
                yield start + behind, line[behind:].rstrip(), follower
            start += len(line)
