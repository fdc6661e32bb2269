"""What people have said of what a folder has now, by id."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from vidi.jobs.reviews.review import Review, Reviews, name_reviews

if TYPE_CHECKING:
    from collections.abc import Iterable

    from vidi.inference.tracking.journal.event_types import Event
    from vidi.inference.tracking.journal.events import InferenceState


def find_review(reviews: Reviews, state: InferenceState, *, sandbox: bool) -> Review | None:
    """What people have said of what an inference has now; None where they have not."""
    if not state.assets:
        return None
    first = state.assets[0].sha256
    return reviews.find(state.id, state.fingerprint, first, sandbox=sandbox)


def list_marks(
    reviews: Reviews | None, states: Iterable[InferenceState], *, sandbox: bool
) -> dict[str, Review]:
    """What people have said of what each inference has, by id."""
    if not reviews:
        return {}
    found = ((state.id, find_review(reviews, state, sandbox=sandbox)) for state in states)
    return {key: review for key, review in found if review is not None}


def find_job_file(folder: Path, header: Event | None) -> Path | None:
    """The job file of an output folder, as its journal names it; None where it is not found.

    Where the command is run elsewhere than the job was, a folder above is tried. What lies outside
    of the folder that it is looked for in is not meant: a journal may be a stranger's, and marks
    are written beside the job file.
    """
    named = Path(str((header or {}).get("job_file", "")))
    if named.name in {"", ".", "-"}:
        return None
    places = (Path(), *(() if named.is_absolute() else folder.resolve().parents))
    return next((place / named for place in places if _is_below(place, place / named)), None)


def _is_below(place: Path, file: Path) -> bool:
    return file.is_file() and file.resolve().is_relative_to(place.resolve())


def find_reviews(folder: Path, header: Event | None) -> Path | None:
    """The reviews.yaml beside the job file of an output folder; None where that is not found."""
    job_file = find_job_file(folder, header)
    return None if job_file is None else name_reviews(job_file)
