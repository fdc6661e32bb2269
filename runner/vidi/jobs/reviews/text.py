"""reviews.yaml as text: one line a review, in an order of its own, so that git can merge it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from vidi.jobs.reviews.read import VERSION

if TYPE_CHECKING:
    from vidi.jobs.reviews.comments import Comments
    from vidi.jobs.reviews.review import Review, Reviews

HEAD = (
    "# What people have said of what was made: `vidi review`, `vidi mark`, `vidi schema reviews`."
)


def render_reviews(reviews: Reviews, comments: Comments) -> str:
    """Write all reviews as YAML, each with the comments that it has; those of others at the end."""
    above, behind = dict(comments.above), dict(comments.behind)
    lines = []
    for each in reviews:
        lines += above.pop(each.key, [])
        said = f"- {{{', '.join(_render(each))}}}"
        lines.append("  ".join([said, *behind.pop(each.key, [])]))
    left = [each for group in (above, behind) for kept in group.values() for each in kept]
    head = comments.head or [HEAD]
    top = [*head, f"version: {VERSION}", "reviews:" if reviews else "reviews: []"]
    return "\n".join([*top, *lines, *left, *comments.tail, ""])


def _render(review: Review) -> list[str]:
    said = [f"id: {quote(review.id)}"]
    if review.verdict:
        said.append(f"mark: {review.verdict}")
    if review.favourite:
        said.append("favourite: true")
    if review.note:
        said.append(f"note: {quote(review.note)}")
    if review.seed is not None:
        said.append(f"seed: {review.seed}")
    if review.sandbox:
        said.append("sandbox: true")
    # In quotes: of digits alone, or with one e in them, YAML would take them for numbers.
    hashes = (f'fingerprint: "{review.fingerprint}"', f'asset: "{review.asset}"')
    at = review.at.isoformat(timespec="milliseconds")
    return [*said, *hashes, f'at: "{at}"']


def quote(text: str) -> str:
    """Write a text in double quotes: what no eye sees, or a line would end at, as its number."""
    quoted = json.dumps(text, ensure_ascii=False)
    return "".join(each if each.isprintable() else _number(ord(each)) for each in quoted)


def _number(code: int) -> str:
    if 0xD800 <= code <= 0xDFFF:  # half of a pair, which UTF-8 cannot hold
        return "?"
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"
