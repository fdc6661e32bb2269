"""reviews.yaml changed on the disk: read, changed and put back while nobody else does."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from filelock import FileLock, Timeout

from vidi.errors import StorageError
from vidi.jobs.reviews.read import read_with_comments
from vidi.jobs.reviews.text import render_reviews
from vidi.runs.records.atomic import replace_text

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from vidi.jobs.reviews.review import Review

WAIT_S = 10.0


def update_reviews(path: Path, changes: Iterable[Review]) -> None:
    """Put reviews in the place of those about the same; the others and all comments stay.

    Args:
        path: The reviews.yaml.
        changes: What is said now; what says nothing goes.

    Raises:
        JobFileError: What is there is damaged: it is left as it is.
        StorageError: It cannot be written, or another process has held it for too long.
    """
    try:
        with FileLock(_lock_of(path), timeout=WAIT_S):
            reviews, comments = read_with_comments(path)
            replace_text(path, render_reviews(reviews.with_changes(changes), comments))
    except Timeout as error:
        raise StorageError(f"{path} is in use", hint="Try again.") from error


def _lock_of(path: Path) -> Path:
    """A lock for the file that is not beside it, where git would see it."""
    from platformdirs import user_state_path

    name = hashlib.sha256(str(path.resolve()).encode(errors="surrogateescape")).hexdigest()
    folder = user_state_path("vidi", appauthor=False) / "locks"
    folder.mkdir(parents=True, exist_ok=True)
    return folder / f"{name}.lock"
