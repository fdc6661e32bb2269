"""The comments of a YAML file, which its values do not have."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

import yaml
from yaml import BlockEndToken, BlockEntryToken, BlockSequenceStartToken, StreamEndToken

from vidi.jobs.reading.surrogates import join_surrogates

if TYPE_CHECKING:
    from collections.abc import Iterator

_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""The C scanner, where PyYAML was built with it."""
_ITEM = (BlockEntryToken, BlockEndToken, BlockSequenceStartToken, StreamEndToken)
"""What follows a comment that is not inside of an item of a list."""


class Comment(NamedTuple):
    """A comment, and where it stands."""

    at: int
    """Its `#`, in characters from the file's beginning."""
    text: str
    """With its `#`."""
    alone: bool
    """Whether nothing else is on its line."""
    above_item: bool
    """Whether the next item of a list, or the end of it, comes after it."""


def list_comments(text: str) -> Iterator[Comment]:
    """List the comments of a text that is valid YAML."""
    tokens = yaml.scan(join_surrogates(text), Loader=_Loader)
    for token, follower in pairwise(tokens):  # between two tokens is space, and comments
        at = token.end_mark.index
        for line in text[at : follower.start_mark.index].splitlines(keepends=True):
            if "#" in line:
                start = at + line.index("#")
                alone = not text[text.rfind("\n", 0, start) + 1 : start].strip()
                above_item = alone and isinstance(follower, _ITEM)
                yield Comment(start, text[start : at + len(line)].rstrip(), alone, above_item)
            at += len(line)
