"""JSON, JSONL, YAML and text: files of values that have their types already."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vidi.errors import JobFileError, Place, Problem
from vidi.jobs.data.cell import Cell, DataRow
from vidi.jobs.data.encoding import read_text
from vidi.jobs.data.rows import Rows
from vidi.jobs.mistakes import MistakeError, did_you_mean, name_all
from vidi.jobs.reading.document import parse_document
from vidi.jobs.reading.files import decoded
from vidi.jobs.reading.json_text import find_items, parse_json, problem_at
from vidi.jobs.reading.source import Source
from vidi.jobs.reading.tables import Row, without_places

if TYPE_CHECKING:
    from vidi.jobs.data.tables import Record

MAX_ITEMS = 1_000_000
"""Ten times what a job may be."""
MAX_BAD_LINES = 100_000
"""After this many mistakes in one file, the rest is not looked at."""


def read_json(name: str, data: bytes, inside: str = "") -> Rows[tuple[int, object]]:
    """The items of the list that a JSON file holds, or that a path such as `a.b` leads to."""
    text = decoded(data, name)
    source = Source(name, text)
    value = parse_json(source, text, 1)
    if isinstance(value, Problem):
        raise JobFileError([value])
    items = _find_list(value, name, inside)
    if len(items) > MAX_ITEMS:
        what = f"a list of more than {MAX_ITEMS:,} items"
        raise JobFileError([problem_at(source, what, 1)])
    marks = find_items(text, tuple(filter(None, inside.split("."))))
    placed = list(zip(marks, items, strict=True))
    return Rows(placed, lambda number, row: DataRow(number, row[1], source.place(row[0])))


def read_jsonl(name: str, data: bytes, inside: str = "") -> Rows[tuple[int, object]]:
    """A JSON value a line."""
    _refuse_inside(name, inside)
    text = decoded(data, name)
    source = Source(name, text)
    rows: list[tuple[int, object]] = []
    problems: list[Problem] = []
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip():
            continue
        row = parse_json(source, line, number)
        if isinstance(row, Problem):
            problems.append(row)
        else:
            rows.append((number, row))
        if len(problems) >= MAX_BAD_LINES:
            break
    if problems:
        raise JobFileError(problems)
    return Rows(rows, lambda number, row: DataRow(number, row[1], Place(name, row[0], 1)))


def read_yaml(name: str, data: bytes, inside: str = "") -> Rows[tuple[int, object]]:
    """The items of the list that a YAML file holds, or that a path such as `a.b` leads to."""
    document = parse_document(name, decoded(data, name))
    if document.problems:
        raise JobFileError(document.problems)
    items = _find_list(document.root, name, inside)
    marks = items.marks if isinstance(items, Row) else [0] * len(items)
    rows = [(mark, without_places(item)) for mark, item in zip(marks, items, strict=True)]
    place = document.source.place
    return Rows(rows, lambda number, row: DataRow(number, row[1], place(row[0])))


def read_lines(name: str, data: bytes, inside: str = "") -> Rows[Record]:
    """A text a line; empty lines are none."""
    _refuse_inside(name, inside)
    text, warnings = read_text(data, name)
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    records = [(number, [line]) for number, line in enumerate(lines, start=1) if line.strip()]

    def make(number: int, record: Record) -> DataRow:
        place = Place(name, record[0], 1)
        return DataRow(number, Cell(record[1][0], "", place), place)

    return Rows(records, make, warnings)


def _find_list(root: object, name: str, inside: str) -> list[object]:
    value = root
    for key in filter(None, inside.split(".")):
        if not isinstance(value, dict) or key not in value:
            known = list(map(str, value)) if isinstance(value, dict) else []
            otherwise = f"What is there: {name_all(known)}." if known else ""
            hint = did_you_mean(key, known, otherwise=otherwise)
            message = f"{name} has no {key!r}"
            raise MistakeError(message, kind="missing-file", hint=hint)
        value = value[key]
    if isinstance(value, list):
        return value
    if inside:
        raise MistakeError(f"{name}#{inside} must be a list", kind="wrong-type")
    lists = (
        [key for key, each in value.items() if isinstance(each, list)]
        if (isinstance(value, dict))
        else []
    )
    hint = f"Name the list in it: {name}#{lists[0]}" if lists else ""
    problem = problem_at(Source(name, ""), "the file must hold a list", 1)
    raise JobFileError([Problem(problem.code, problem.message, problem.place, hint=hint)])


def _refuse_inside(name: str, inside: str) -> None:
    if inside:
        raise MistakeError(
            f"there is nothing to choose in {name}",
            kind="missing-file",
            hint=f"Write {name} without #{inside}.",
        )
