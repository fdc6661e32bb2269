"""What a refresh found, as Markdown for a pull request and as JSON values for programs."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from vidi.runs.records.json_text import render_json

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from vidi.cli.models.refreshing.compare import Kind, ModelRefresh

HEADS: dict[Kind, str] = {
    "new": "New models, unpriced",
    "renamed": "Renamed",
    "retired": "Retired",
    "changed": "Changed",
    "unlisted": "Left the list, and still answer",
    "unread": "Could not be read",
}


def render_summary(changes: Sequence[ModelRefresh], unread: Sequence[str], today: str) -> str:
    """The text of the pull request."""
    lines = [f"# Registry refresh of {today}", "", _count(changes), ""]
    lines += [f"- not asked: {each}" for each in unread] + ([""] if unread else [])
    for kind, head in HEADS.items():
        some = [each for each in changes if each.kind == kind]
        if some:
            lines += [f"## {head}", "", *(line for each in some for line in _tell(each)), ""]
    asked = [each for each in changes if each.proposal is not None]
    if asked:
        lines += ["## Prices for a person to read", "", *_explain_prices()]
        lines += [line for each in asked for line in _tell_price(each)]
    return "\n".join(lines).rstrip() + "\n"


def _count(changes: Sequence[ModelRefresh]) -> str:
    counts = [
        f"{len(some)} {HEADS[kind].lower()}"
        for kind in HEADS
        if (some := [each for each in changes if each.kind == kind])
    ]
    return ", ".join(counts) + "." if counts else "Nothing has changed."


def list_as_json(changes: Sequence[ModelRefresh]) -> list[dict[str, object]]:
    """Every model that something became of."""
    return [_as_json(each) for each in changes]


def _tell(change: ModelRefresh) -> Iterator[str]:
    yield f"- `{change.id}`{': ' + change.note if change.note else ''}"
    for each in change.changes:
        if each.message != change.note:
            yield f"  - {each}"


def _explain_prices() -> list[str]:
    return [
        "No price row was written. A base price is what one billing unit costs; the price stands "
        "on the page. Read it, then run the command with what it says.",
        "",
    ]


def _tell_price(change: ModelRefresh) -> Iterator[str]:
    proposal = change.proposal
    if proposal is None:
        return
    yield f"### `{change.id}`"
    yield ""
    if change.old_row is not None:
        yield f"- holds now: `{_inline(change.old_row)}`"
    if change.sentence:
        yield f"- fal says: {change.sentence}"
    if proposal.row is not None:
        yield f"- proposed, of the base price alone: `{_inline(proposal.row)}`"
        yield f"- source: {proposal.row['source']}"
    if proposal.doubt:
        yield f"- doubt: {proposal.doubt}"
    yield f"- `{proposal.command}`"
    yield ""


def _as_json(change: ModelRefresh) -> dict[str, object]:
    proposal = change.proposal
    return {
        "id": change.id,
        "kind": change.kind,
        "note": change.note or None,
        "changes": [
            {"kind": each.kind, "param": each.name or None, "message": each.message}
            for each in change.changes
        ],
        "files": sorted(change.drafts),
        "proposal": None
        if proposal is None
        else {
            "old_row": change.old_row,
            "row": proposal.row,
            "sentence": change.sentence or None,
            "doubt": proposal.doubt or None,
            "command": proposal.command,
        },
    }


def _inline(value: object) -> str:
    return json.dumps(json.loads(render_json(value)), ensure_ascii=False)
