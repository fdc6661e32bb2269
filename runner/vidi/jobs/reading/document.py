"""A YAML file as plain values that know where they stand.

Composed straight from the C parser's events: PyYAML's own composer builds a node for every
scalar, which costs five times as much and resolves by the rules of YAML 1.1.
"""

from __future__ import annotations

from array import array
from hashlib import sha256
from typing import TYPE_CHECKING, Any

import yaml
from yaml import (
    AliasEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    StreamEndEvent,
)

from vidi.errors import JobFileError, Problem
from vidi.jobs.mistakes import MistakeError, did_you_mean
from vidi.jobs.reading.files import decoded, read_bytes
from vidi.jobs.reading.scalars import LIST_TAG, MAPPING_TAG, refused_tag, resolve, resolve_tagged
from vidi.jobs.reading.source import Source
from vidi.jobs.reading.surrogates import join_surrogates
from vidi.jobs.reading.syntax import QUOTE_TEMPLATES, syntax_problem
from vidi.jobs.reading.tables import Row, Table, Value

if TYPE_CHECKING:
    from pathlib import Path

_Parser = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""The C parser, where PyYAML was built with it."""

MAX_DEPTH = 100
MAX_ALIAS_NODES = 1_000_000
"""How many values the aliases of a file may stand for, all together."""
MAX_VALUES = 2_000_000
MAX_COLLECTIONS = 500_000
"""Of a file; 16 MiB of `[],` would take a gigabyte, and 100,000 entries need a third of this."""
MAX_PROBLEMS = 1000
"""A file with more mistakes is not a job file; reading stops."""


class Document:
    """What a YAML file holds, the text of it, and the mistakes that did not stop the reading."""

    def __init__(self, source: Source, root: Value, at: int, problems: list[Problem]) -> None:
        self.source = source
        self.root = root
        """Tables, Rows, text, numbers, booleans and None."""
        self.at = at
        """The mark of the root."""
        self.problems = tuple(problems)


def read_document(path: Path, name: str, content: bytes | None = None) -> tuple[Document, str]:
    """Read a YAML file; `name` is what its places say. Also the SHA-256 of its bytes.

    Args:
        path: The file.
        name: What its places say.
        content: What it holds, where that has been read already.

    Raises:
        UsageError: The file cannot be read.
        JobFileError: It is too big, not UTF-8, not YAML, or a bomb.
    """
    data = read_bytes(path, name) if content is None else content
    return parse_document(name, decoded(data, name)), sha256(data).hexdigest()


def parse_document(name: str, text: str) -> Document:
    """Read YAML from a text.

    Raises:
        JobFileError: It is not YAML, empty, several documents, too deep, or a bomb.
    """
    source = Source(name, text.removeprefix(_BOM))
    composer = _Composer(source)
    try:
        root, at = composer.compose()
    except _StopError as stop:
        raise JobFileError([*composer.problems, stop.problem]) from None
    except yaml.YAMLError as error:
        raise JobFileError([*composer.problems, syntax_problem(source, error)]) from error
    return Document(source, root, at, composer.problems)


class _StopError(Exception):
    """Reading cannot go on."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.message)
        self.problem = problem


_Placed = tuple[Value, int]
_OPEN = object()
"""What an anchor stands for while its own value is still being read."""
_BOM = "\ufeff"


class _Composer:
    """Events in, values out. One pass, no look-ahead.

    PyYAML's stubs do not know that its parsers always set the marks: an event is Any.
    """

    def __init__(self, source: Source) -> None:
        self.source = source
        self.problems: list[Problem] = []
        self._next = _Parser(join_surrogates(source.text)).get_event
        self._anchors: dict[str, tuple[Value, int, int, str]] = {}
        """Name to value, mark, number of values in it, and text if it is a scalar."""
        self._marks = array("I")
        self._keys: dict[str, str] = {}
        self._count = 0
        self._collections = 0
        self._alias_nodes = 0

    def compose(self) -> _Placed:
        """The root of the only document, and its mark."""
        self._next()  # the start of the stream
        first = self._next()
        if type(first) is StreamEndEvent:
            raise self._stop("empty", "the file is empty", 0)
        placed = self._value(self._next(), 0)
        self._next()  # the end of the document
        following: Any = self._next()
        if not isinstance(following, StreamEndEvent):
            raise self._stop(
                "many-documents",
                "a second document starts here; a file holds one",
                following.start_mark.index,
                hint="Remove the `---`, or move what follows to a file of its own.",
            )
        return placed

    def _value(self, event: Any, depth: int) -> _Placed:
        kind = type(event)
        if kind is ScalarEvent:
            return self._scalar(event)
        if kind is AliasEvent:
            return self._alias(event)
        return self._collection(event, depth)

    def _scalar(self, event: Any) -> _Placed:
        text: str = event.value
        mark: int = event.start_mark.index
        tag, anchor = event.tag, event.anchor
        self._count += 1
        try:
            if tag is not None:
                value: Value = resolve_tagged(text, tag)
            else:
                value = resolve(text) if event.implicit[0] else text
        except MistakeError as mistake:
            self._note(self.source.problem_of(mistake, mark))
            value = text
        if anchor is not None or tag is not None:
            mark = self._past_properties(event, text)
            if anchor is not None:
                self._anchors[anchor] = (value, mark, 1, text)
        return value, mark

    def _past_properties(self, event: Any, text: str) -> int:
        """The mark of a scalar itself, behind its anchor and its tag."""
        start: int = event.start_mark.index
        found = self.source.text.find(text, start, event.end_mark.index) if text else -1
        if event.style in {None, ""} and text:
            found = max(start, event.end_mark.index - len(text))
        return start if found < 0 else found

    def _collection(self, event: Any, depth: int) -> _Placed:
        mark: int = event.start_mark.index
        if depth >= MAX_DEPTH:
            raise self._stop("too-deep", f"nested more than {MAX_DEPTH} levels deep", mark)
        is_table = type(event) is MappingStartEvent
        if event.tag not in {None, "!", MAPPING_TAG if is_table else LIST_TAG}:
            self._note(self.source.problem_of(refused_tag(event.tag), mark))
        self._collections += 1
        if self._collections > MAX_COLLECTIONS or self._count > MAX_VALUES:
            raise self._too_many(mark)
        before = self._count
        self._count += 1
        if event.anchor is not None:
            self._anchors[event.anchor] = (_OPEN, mark, 0, "")
        value = self._table(mark, depth) if is_table else self._row(mark, depth)
        if event.anchor is not None:
            self._anchors[event.anchor] = (value, mark, self._count - before, "")
        return value, mark

    def _row(self, mark: int, depth: int) -> Row:
        row = Row(mark)
        while type(event := self._next()) is not SequenceEndEvent:
            value, at = self._value(event, depth + 1)
            row.append(value)
            row.marks.append(at)
            if self._count > MAX_VALUES:
                raise self._too_many(at)
        return row

    def _table(self, mark: int, depth: int) -> Table:
        table = Table(mark)
        merges: Value = None
        merge_mark = -1
        while type(event := self._next()) is not MappingEndEvent:
            key, key_mark = self._key(event, depth)
            value, value_mark = self._value(self._next(), depth + 1)
            if key is None:
                continue
            is_merge = key == "<<" and type(event) is ScalarEvent and event.implicit[0]
            if is_merge and merge_mark < 0:
                merges, merge_mark = value, value_mark
            elif is_merge:
                self._duplicate(key, key_mark, merge_mark)
            elif key in table:
                self._duplicate(key, key_mark, table.key_mark(key))
            else:
                table.put(key, value, key_mark, value_mark)
            if self._count > MAX_VALUES:
                raise self._too_many(key_mark)
        if merge_mark >= 0:
            self._merge(table, merges, merge_mark)
        table.keep_marks(self._marks)
        return table

    def _key(self, event: Any, depth: int) -> tuple[str | None, int]:
        """A key is the text that is written, so that `on`, `010` and `16:9` may be keys."""
        mark: int = event.start_mark.index
        if type(event) is ScalarEvent:
            if event.anchor or event.tag:
                self._scalar(event)
            return self._keys.setdefault(event.value, event.value), mark
        self._value(event, depth + 1)
        if type(event) is AliasEvent and event.anchor in self._anchors:
            text = self._anchors[event.anchor][3]
            if text:
                return text, mark
        is_template = self.source.text.startswith("{{", mark - 1)
        self._note(
            self.source.problem(
                "bad-key",
                "a key must be text, not a list or a mapping",
                mark,
                hint=QUOTE_TEMPLATES if is_template else "",
            )
        )
        return None, mark

    def _duplicate(self, key: str, mark: int, first: int) -> None:
        line = self.source.place(first).line
        self._note(
            self.source.problem(
                "duplicate-key",
                f"duplicate key {key!r}; it is already on line {line}",
                mark,
                hint="Remove one of the two.",
            )
        )

    def _merge(self, table: Table, merged: Value, mark: int) -> None:
        others = merged if isinstance(merged, Row) else [merged]
        for other in others:
            if not isinstance(other, Table):
                self._note(
                    self.source.problem(
                        "bad-merge", "`<<` takes a mapping, or a list of mappings", mark
                    )
                )
                return
            for number, (key, value) in enumerate(other.items()):
                if key not in table:
                    table.put(key, value, *other.marks_at(number))

    def _alias(self, event: Any) -> _Placed:
        mark: int = event.start_mark.index
        if event.anchor not in self._anchors:
            hint = did_you_mean(
                event.anchor, self._anchors, otherwise="Anchors come before aliases."
            )
            self._note(
                self.source.problem(
                    "unknown-alias", f"no anchor &{event.anchor} above this alias", mark, hint=hint
                )
            )
            return None, mark
        value, anchored_at, size, _ = self._anchors[event.anchor]
        if value is _OPEN:
            self._note(
                self.source.problem(
                    "cycle", f"*{event.anchor} stands inside the value that it stands for", mark
                )
            )
            return None, mark
        self._count += size
        self._alias_nodes += size
        if self._alias_nodes > MAX_ALIAS_NODES:
            raise self._stop(
                "alias-bomb", f"the aliases stand for more than {MAX_ALIAS_NODES:,} values", mark
            )
        return value, anchored_at

    def _too_many(self, mark: int) -> _StopError:
        return self._stop(
            "too-many-values",
            f"the file holds more than {MAX_VALUES:,} values or {MAX_COLLECTIONS:,} lists and "
            "mappings",
            mark,
            hint="Split it, or keep the data in a CSV or JSONL file and use `foreach`.",
        )

    def _note(self, problem: Problem) -> None:
        self.problems.append(problem)
        if len(self.problems) >= MAX_PROBLEMS:
            raise _StopError(
                Problem("too-many", f"more than {MAX_PROBLEMS} mistakes", problem.place)
            )

    def _stop(self, code: str, message: str, mark: int, hint: str = "") -> _StopError:
        return _StopError(self.source.problem(code, message, mark, hint=hint))
