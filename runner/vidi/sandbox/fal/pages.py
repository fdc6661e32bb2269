"""Lists that come in pages, the way the platform API turns them: by a cursor that says nothing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, TypeVar

from vidi.sandbox.answers.cursors import cursor_to, read_cursor

if TYPE_CHECKING:
    from collections.abc import Sequence

    from starlette.requests import Request


Item = TypeVar("Item")


@dataclass(frozen=True, slots=True)
class Page(Generic[Item]):
    """One page of a list."""

    items: Sequence[Item]
    next_cursor: str | None

    def turn(self) -> dict[str, object]:
        """What an answer says of the next page."""
        return {"next_cursor": self.next_cursor, "has_more": self.next_cursor is not None}


def page_of(request: Request, items: Sequence[Item], largest: int) -> Page[Item]:
    """The page that `limit` and `cursor` ask for."""
    start = read_cursor(request.query_params.get("cursor"))
    size = max(1, min(largest, whole(request.query_params.get("limit"), largest)))
    end = start + size
    return Page(items[start:end], cursor_to(end) if end < len(items) else None)


def whole(text: str | None, otherwise: int) -> int:
    """A whole number of a query, where it is one."""
    return int(text) if text and text.isdigit() else otherwise
