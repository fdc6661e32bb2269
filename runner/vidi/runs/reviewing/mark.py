"""A mark on what an inference has now: approved, rejected, or as if nobody had looked."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from secrets import randbelow
from typing import TYPE_CHECKING, Literal

from vidi.errors import UsageError
from vidi.inference.tracking.opening import open_journal
from vidi.jobs.mistakes import did_you_mean
from vidi.jobs.reviews.read import read_note, read_reviews
from vidi.jobs.reviews.review import MAX_SEED, Review
from vidi.runs.records.folder import JOURNAL
from vidi.runs.records.report.marks import find_review
from vidi.runs.reviewing.write import update_reviews

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from vidi.inference.tracking.journal.events import InferenceState

Act = Literal["approve", "reject", "reroll", "favourite", "unfavourite", "note", "reset"]
ACTS: tuple[Act, ...] = ("approve", "reject", "reroll", "favourite", "unfavourite", "note", "reset")


@dataclass(frozen=True, slots=True)
class ReviewedFolder:
    """An output folder, and where what people say of it is kept."""

    folder: Path
    reviews: Path


def mark(
    where: ReviewedFolder, ids: Sequence[str], act: Act, note: str = "", seed: int | None = None
) -> list[Review]:
    """Mark what inferences have now, all of them or none.

    Args:
        where: The folder.
        ids: Of its inferences.
        act: What is said of them.
        note: Why; kept as it was where it is empty.
        seed: For `reroll`: which seed it is bought with instead; drawn where it is None.

    Returns:
        What holds of each from now on.

    Raises:
        UsageError: The folder has nothing of an id.
        JobFileError: reviews.yaml is damaged.
        StorageError: It cannot be written.
    """
    read_note(note)
    journal = open_journal(where.folder / JOURNAL)
    sandbox = bool((journal.header or {}).get("sandbox"))
    states = [_find_made(journal.states, key, where.folder) for key in ids]
    before = read_reviews(where.reviews)
    now = datetime.now(UTC)
    changes = []
    for state in states:
        known = find_review(before, state, sandbox=sandbox) or Review(
            state.id, state.fingerprint, state.assets[0].sha256, now, sandbox=sandbox
        )
        changes.append(_apply(replace(known, at=now), act, note, seed))
    update_reviews(where.reviews, changes)
    return changes


def _find_made(states: Mapping[str, InferenceState], key: str, folder: Path) -> InferenceState:
    state = states.get(key)
    if state is not None and state.assets and state.fingerprint:
        return state
    made = [each.id for each in states.values() if each.assets]
    if state is not None:
        raise UsageError(f"there is nothing of {key} in {folder} to be marked")
    hint = did_you_mean(key, made, otherwise=f"`vidi status {folder}` lists what is there.")
    raise UsageError(f"there is no {key} in {folder}", hint=hint)


def _apply(review: Review, act: Act, note: str, seed: int | None) -> Review:
    note = note or review.note
    match act:
        case "approve":
            return replace(review, verdict="approved", note=note, seed=None)
        case "reject" | "reroll":
            again = act == "reroll" or review.seed is None
            drawn = seed if seed is not None else 1 + randbelow(MAX_SEED)
            return replace(
                review, verdict="rejected", note=note, seed=drawn if again else review.seed
            )
        case "favourite" | "unfavourite":
            return replace(review, favourite=act == "favourite", note=note)
        case "note":
            return replace(review, note=note)
        case "reset":
            return replace(review, verdict="", favourite=False, note="", seed=None)
