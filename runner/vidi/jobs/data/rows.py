"""What `foreach` walks over: a list written in the job file, or a CSV, JSON, JSONL or YAML file."""

from __future__ import annotations

import csv
import io
from difflib import get_close_matches
from typing import TYPE_CHECKING

from vidi.errors import JobFileError, Problem, UsageError
from vidi.jobs.mistakes import MistakeError
from vidi.jobs.reading.document import parse_document
from vidi.jobs.reading.files import decoded, read_bytes
from vidi.jobs.reading.json_text import parse_json, problem_at
from vidi.jobs.reading.source import Source
from vidi.jobs.reading.tables import without_places

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

MAX_DATA_BYTES = 64 * 1024 * 1024
MAX_BAD_ROWS = 100
"""After this many mistakes in one file, the rest is not looked at."""


def read_rows(name: str, project: Path) -> list[object]:
    """The rows of a data file; `name` is its path, relative to the project.

    Raises:
        MistakeError: The file is missing, of an unknown kind, or has no rows.
        JobFileError: Something in it is wrong; each problem has its place in that file.
    """
    path = project / name
    reader = _READERS.get(path.suffix.lower())
    if reader is None:
        raise MistakeError(
            f"'foreach' cannot read {name!r}", hint=f"Use one of {', '.join(sorted(_READERS))}."
        )
    try:
        text = decoded(read_bytes(path, name, MAX_DATA_BYTES), name)
    except UsageError as error:
        raise MistakeError(error.message, kind="missing-file", hint=_nearest_file(path)) from error
    rows = reader(name, text)
    if not rows:
        raise MistakeError(f"{name} has no rows", kind="no-rows")
    return rows


def _nearest_file(path: Path) -> str:
    try:
        names = [each.name for each in path.parent.iterdir() if each.is_file()]
    except OSError:
        return "Paths are relative to the project directory."
    close = get_close_matches(path.name, names, n=1)
    if close:
        return f"Did you mean {close[0]!r} in the same folder?"
    return "Paths are relative to the project directory."


def _read_csv(name: str, text: str) -> list[object]:
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    rows: list[object] = []
    problems: list[Problem] = []
    source = Source(name, text)
    header: list[str] = []
    line = 1
    try:
        header = [column.strip() for column in next(reader, [])]
        problems.extend(_header_problems(source, header))
        line = reader.line_num + 1
        for cells in reader:
            if len(cells) == len(header):
                rows.append(dict(zip(header, cells, strict=True)))
            elif cells:
                message = f"{len(cells)} values in this row, {len(header)} columns in the header"
                problems.append(problem_at(source, message, line))
            if len(problems) >= MAX_BAD_ROWS:
                break
            line = reader.line_num + 1
    except csv.Error as error:
        problems.append(problem_at(source, f"not CSV: {error}", line))
    return _unless(problems, rows)


def _header_problems(source: Source, header: list[str]) -> list[Problem]:
    twice = sorted({column for column in header if header.count(column) > 1})
    messages = [f"the column {column!r} is there twice" for column in twice]
    if "" in header:
        messages.append("a column has no name")
    return [problem_at(source, message, 1) for message in messages]


def _read_json(name: str, text: str) -> list[object]:
    source = Source(name, text)
    value = parse_json(source, text, 1)
    if isinstance(value, Problem):
        raise JobFileError([value])
    if not isinstance(value, list):
        raise JobFileError([problem_at(source, "the file must hold a list", 1)])
    return value


def _read_jsonl(name: str, text: str) -> list[object]:
    source = Source(name, text)
    rows: list[object] = []
    problems: list[Problem] = []
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip():
            continue
        row = parse_json(source, line, number)
        if isinstance(row, Problem):
            problems.append(row)
        else:
            rows.append(row)
        if len(problems) >= MAX_BAD_ROWS:
            break
    return _unless(problems, rows)


def _read_yaml(name: str, text: str) -> list[object]:
    document = parse_document(name, text)
    if document.problems:
        raise JobFileError(document.problems)
    if not isinstance(document.root, list):
        raise JobFileError([problem_at(document.source, "the file must hold a list", 1)])
    return [without_places(row) for row in document.root]


def _unless(problems: list[Problem], rows: list[object]) -> list[object]:
    if problems:
        raise JobFileError(problems)
    return rows


_READERS: dict[str, Callable[[str, str], list[object]]] = {
    ".csv": _read_csv,
    ".json": _read_json,
    ".jsonl": _read_jsonl,
    ".ndjson": _read_jsonl,
    ".yaml": _read_yaml,
    ".yml": _read_yaml,
}
