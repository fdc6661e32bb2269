"""reviews.yaml read with places: whatever is wrong in it is a mistake at its line."""

from __future__ import annotations

import re
from datetime import datetime
from typing import TYPE_CHECKING, Any

from vidi.errors import JobFileError, Problem, UsageError
from vidi.jobs.mistakes import MistakeError, describe, did_you_mean
from vidi.jobs.reading.document import read_document
from vidi.jobs.reading.fields import read_flag, read_id
from vidi.jobs.reading.tables import Row, Table
from vidi.jobs.reviews.comments import Comments, find_comments
from vidi.jobs.reviews.review import MAX_NOTE, MAX_SEED, VERDICTS, Review, Reviews

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from vidi.jobs.reading.document import Document

VERSION = 1
MAX_PROBLEMS = 100
_HASH = re.compile(r"[0-9a-f]{64}")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")


def read_reviews(path: Path) -> Reviews:
    """Read what people have said; nothing where there is no file.

    Of several lines about the same thing, as a merge of two branches leaves them, the latest holds.

    Raises:
        UsageError: The file cannot be read.
        JobFileError: Something in it is wrong; all of it is named.
    """
    return Reviews(_read_file(path)[1])


def read_with_comments(path: Path) -> tuple[Reviews, Comments]:
    """Read what people have said, and what they have written beside it.

    Raises:
        UsageError: The file cannot be read.
        JobFileError: Something in it is wrong; all of it is named.
    """
    document, reviews = _read_file(path)
    if document is None:
        return Reviews(), Comments()
    rows = document.root.get("reviews") if isinstance(document.root, Table) else None
    starts = rows.marks if isinstance(rows, Row) else ()
    comments = find_comments(document.source.text, starts, [each.key for each in reviews])
    return Reviews(reviews), comments


def _read_file(path: Path) -> tuple[Document | None, list[Review]]:
    """The file as it is, and its lines in their order; None where there is no file."""
    if not path.is_file() and not path.is_symlink():
        return None, []
    if path.resolve().parent != path.parent.resolve():  # its lines would be shown as mistakes
        raise UsageError(
            f"{path} is a link that leads elsewhere", hint="Put the file itself there."
        )
    document, _ = read_document(path, path.as_posix())
    problems = list(document.problems)
    reviews = []
    for found in _read(document):
        if isinstance(found, Problem):
            problems.append(found)
        else:
            reviews.append(found)
        if len(problems) >= MAX_PROBLEMS:
            break
    if problems:
        raise JobFileError(problems)
    return document, reviews


def _read(document: Document) -> Iterator[Review | Problem]:
    source, root = document.source, document.root
    if not isinstance(root, Table):
        yield source.problem("bad-value", "this must be a mapping", document.at, hint=_FORM)
        return
    rows: object = root.get("reviews", Row(document.at))
    for key in root:
        if key not in {"version", "reviews"}:
            hint = did_you_mean(key, ["version", "reviews"])
            yield source.problem(
                "unknown-key", f"unknown key '{key}'", root.key_mark(key), hint=hint
            )
    version = root.get("version")
    if type(version) is not int or version != VERSION:
        newer = type(version) is int and version > VERSION
        hint = "A newer vidi has written it: update vidi." if newer else "Write version: 1."
        at = root.value_mark("version") if "version" in root else document.at
        yield source.problem("bad-value", "'version' must be 1", at, hint=hint)
    if not isinstance(rows, Row):
        at = root.value_mark("reviews")
        yield source.problem("bad-value", "'reviews' must be a list", at, hint=_FORM)
        return
    for number, row in enumerate(rows):
        if isinstance(row, Table):
            yield from _read_row(document, row)
        else:
            message = f"a review must be a mapping, not {describe(row)}"
            yield source.problem("bad-value", message, rows.marks[number], hint=_FORM)


_FORM = "A line is `- {id: forest, mark: approved, fingerprint: …, asset: …, at: …}`."


def _read_row(document: Document, row: Table) -> Iterator[Review | Problem]:
    source, wrong = document.source, False
    values: dict[str, Any] = {}  # each comes through its reader
    for key, value in row.items():
        try:
            if key not in _READERS:
                hint = did_you_mean(key, _READERS)
                raise MistakeError(f"unknown key '{key}'", kind="unknown-key", hint=hint)
            values[key] = _READERS[key](value)
        except (MistakeError, UsageError) as error:
            wrong = True
            mark = row.value_mark(key) if key in _READERS else row.key_mark(key)
            kind = error.kind if isinstance(error, MistakeError) else "bad-value"
            yield source.problem(kind, error.message, mark, hint=error.hint)
    for key in _REQUIRED:
        if key not in row:
            wrong = True
            yield source.problem("missing", f"'{key}' is missing", row.at, hint=_FORM)
    if not wrong:
        values["verdict"] = values.pop("mark", "")
        yield Review(**values)


def _read_hash(value: object) -> str:
    if not isinstance(value, str) or not _HASH.fullmatch(value):
        raise MistakeError("this must be a SHA-256: 64 of 0-9 and a-f", hint=_FORM)
    return value


def _read_mark(value: object) -> str:
    if value not in VERDICTS:
        hint = did_you_mean(str(value), VERDICTS, otherwise=f"One of {', '.join(VERDICTS)}.")
        raise MistakeError(f"'mark' must be approved or rejected, not {describe(value)}", hint=hint)
    return str(value)


def read_note(value: object) -> str:
    """A note: text of at most MAX_NOTE characters; lines may end in it.

    Raises:
        MistakeError: It is no text, too long, or holds a control character.
    """
    if not isinstance(value, str):
        raise MistakeError("'note' must be text", hint="Put quotes around it.")
    if len(value) > MAX_NOTE:
        raise MistakeError(
            f"'note' is {len(value)} characters long; at most {MAX_NOTE} are allowed"
        )
    if _CONTROL.search(value):
        raise MistakeError("'note' holds a control character")
    return value


def _read_seed(value: object) -> int:
    if type(value) is not int or not 0 <= value <= MAX_SEED:
        raise MistakeError(f"'seed' must be a whole number from 0 to {MAX_SEED}")
    return value


def _read_time(value: object) -> datetime:
    try:
        moment = datetime.fromisoformat(str(value))
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise MistakeError("'at' must be a time such as 2026-11-29T16:20:00+00:00")
    return moment


_READERS: dict[str, Callable[[object], object]] = {
    "id": read_id,
    "mark": _read_mark,
    "fingerprint": _read_hash,
    "asset": _read_hash,
    "favourite": lambda value: read_flag("favourite", value),
    "note": read_note,
    "seed": _read_seed,
    "sandbox": lambda value: read_flag("sandbox", value),
    "at": _read_time,
}
_REQUIRED = ("id", "fingerprint", "asset", "at")
