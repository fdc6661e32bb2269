"""Mistakes and warnings as text: where, the line, a caret, and the edit that mends it.

Problems with one cause, such as a column of numbers with commas, are told once.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING

from vidi.runs.records.warnings import OF_ASSETS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from vidi.errors import Place, Problem

NAMED = 3
"""How many ids, or rows, a message names."""
LONGEST_EXCERPT = 200
"""Characters: a job file may come from a stranger, and name a file that is not his."""
_SECRET = re.compile(
    r"((?:api_?key|fal_key|token|secret|passw(?:or)?d|credentials?|authorization)"
    r"[\w-]*[\"']?\s*[:=]\s*[\"']?)((?:(?:bearer|key|token)\s+)?[^\s\"',;&}]+)",
    re.IGNORECASE,
)
_USERINFO = re.compile(r"(://)([^/\s@:]+:[^/\s@]+)(?=@)")
_SIGNED = re.compile(r"([?&](?:sig|signature|key|x-amz-[\w-]+)=)([^&\s\"']+)", re.IGNORECASE)
_VALUES = re.compile(r"(?<!^)'(?:[^'\\]|\\.)*'|\d+(?:[.,]\d+)*")
_ABOUT_NAMES = frozenset(
    (
        "missing-param", "unknown-param", "missing", "unknown-key", "undefined", "bad-name",
        "undescribed-param", "legacy-param", "deprecated-param", "duplicate-key",
    )
)  # fmt: skip
"""Codes whose message names what is wrong, and not a value that may differ from row to row."""


@dataclass(slots=True)
class FoldedProblem:
    """A problem, and how often it comes with another value."""

    problem: Problem
    places: list[Place] = field(default_factory=list)
    """In the data, each once; empty where the job file alone is concerned."""
    ids: dict[str, None] = field(default_factory=dict)
    more: int = 0
    """How many more it hits that are not named."""
    count: int = 0


def fold_problems(problems: Iterable[Problem]) -> list[FoldedProblem]:
    """Join the problems that have one cause, in the order in which each first comes."""
    folded: dict[tuple[object, ...], FoldedProblem] = {}
    for problem in problems:
        one = folded.setdefault(_cause(problem), FoldedProblem(problem))
        one.count += 1
        one.ids.update(dict.fromkeys(problem.ids))
        one.more += problem.more
        if problem.place and (problem.via or problem.code == "bad-row"):
            one.places.append(problem.place)
    return list(folded.values())


def _cause(problem: Problem) -> tuple[object, ...]:
    """Equal for problems that one edit mends, or the same edit in every row."""
    exact = problem.code in _ABOUT_NAMES
    said = problem.message if exact else _VALUES.sub("…", problem.message)
    place = problem.place
    if problem.via is not None and place is not None:
        return problem.severity, problem.code, said, problem.via, place.path, place.column
    if problem.code == "bad-row" and place is not None:
        return problem.severity, problem.code, said, place.path
    return problem.severity, problem.code, said, place


def render_problem(problem: Problem) -> str:
    """`file:line:col: message`, the line with a caret under the place, the ids and the hint."""
    (folded,) = fold_problems([problem])
    return render_folded(folded)


def render_folded(folded: FoldedProblem) -> str:
    """The same for problems with one cause: the first of them, the rows, and how many."""
    problem = folded.problem
    lines = [_heading(problem), *_excerpt_lines(problem)]
    rows = _rows(folded.places)
    if len(rows) > 1:
        lines.append(f"      rows: {name_some(rows)}")
    elif len(folded.ids) > 1 or problem.code == OF_ASSETS:  # which has no line of the file
        lines.append(f"      hits: {name_some(folded.ids, folded.more)}")
    if problem.hint:
        lines.append(f"      hint: {problem.hint}")
    return "\n".join(lines)


def _heading(problem: Problem) -> str:
    kind = "warning: " if problem.severity == "warning" else ""
    if problem.place is None:
        return problem.message
    used = f" → {problem.via}" if problem.via else ""
    return f"{problem.place}{used}: {kind}{problem.message}"


def _rows(places: Iterable[Place]) -> list[str]:
    """The first place whole, the others by line and column, as they are in the same file."""
    every = list(dict.fromkeys(places))
    return [str(each) for each in every[:1]] + [f"{each.line}:{each.column}" for each in every[1:]]


def _excerpt_lines(problem: Problem) -> list[str]:
    place = problem.place
    if not problem.excerpt or place is None or not place.line:
        return []
    if problem.via is not None:  # a cell, with its column's name
        return [f"{place.line:>5} | {cut_excerpt(problem.excerpt, 1)[0]}"]
    excerpt, column = cut_excerpt(problem.excerpt, place.column)
    margin = f"{place.line:>5} | "
    return [margin + excerpt, " " * (len(margin) - 2) + "| " + _caret(excerpt, column)]


def cut_excerpt(line: str, column: int) -> tuple[str, int]:
    """At most 200 characters of a line, around a column, without its secrets; and the column."""
    line = redact_line(line)
    if len(line) <= LONGEST_EXCERPT:
        return line, column
    start = max(0, min(column - LONGEST_EXCERPT // 2, len(line) - LONGEST_EXCERPT))
    cut = line[start : start + LONGEST_EXCERPT]
    if start:
        cut = "…" + cut[1:]
    if start + LONGEST_EXCERPT < len(line):
        cut = cut[:-1] + "…"
    return cut, column - start


@lru_cache(maxsize=16)  # a file of one line has it under every mistake
def redact_line(line: str) -> str:
    """A line with `…` for each character of what looks like a secret; its length stays."""
    for pattern in (_SECRET, _USERINFO, _SIGNED):
        line = pattern.sub(lambda found: found[1] + "…" * len(found[2]), line)
    return line


def name_some(names: Iterable[str], more: int = 0) -> str:
    """The first few names, and how many more there are, with those that nobody named."""
    every = list(names)
    rest = len(every) - NAMED + more
    return ", ".join(every[:NAMED]) + (f" and {rest:,} more" if rest > 0 else "")


def _caret(excerpt: str, column: int) -> str:
    """A caret under a column, whatever the width of what stands before it."""
    before = excerpt[: max(column - 1, 0)]
    pad = "".join(
        "\t" if char == "\t" else " " * (1 + (unicodedata.east_asian_width(char) in "WF"))
        for char in before
        if not unicodedata.combining(char)
    )
    return pad + "^"
