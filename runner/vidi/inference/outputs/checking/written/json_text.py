"""JSON read for its form: what is in it is forgotten as it is read."""

from __future__ import annotations

import json
import re
from functools import partial
from typing import TYPE_CHECKING

from vidi.errors import DownloadError
from vidi.inference.models.template import OutputType
from vidi.inference.outputs.checking.facts import Facts
from vidi.inference.outputs.checking.memory import MOST_BYTES
from vidi.inference.outputs.checking.written.text import check_text

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator
    from pathlib import Path
    from typing import BinaryIO

_MOST_READ = 8 << 20
"""Bytes that are held as a whole; what is larger is looked through in pieces."""
_OBJECTS = {b"[": 96, b",": 9, b'"': 30, b":": 180}
"""Bytes that Python makes of these marks at most: of a list, an item, half a string, a member."""
_MOST_LOOKED_THROUGH = 256 << 20
_CHUNK = 1 << 20
_DEEPEST = 1 << 20
_MARKS = re.compile(rb'\\(?:.|\Z)|["{}\[\]]', re.DOTALL)
_OPENERS = {ord("}"): ord("{"), ord("]"): ord("[")}
_QUOTE, _ESCAPE = ord('"'), ord("\\")


def check_json(path: Path, content_type: str, kinds: Collection[OutputType]) -> Facts:
    """Check JSON, or JSON lines.

    Args:
        path: The file.
        content_type: JSON, or a kind of it.
        kinds: What the file may be: text may begin as JSON does.

    Raises:
        DownloadError: It does not read.
    """
    size = path.stat().st_size
    if size > _MOST_LOOKED_THROUGH:
        return Facts(content_type, warning=f"{content_type} is too large to be checked")
    try:
        with path.open("rb") as file:
            data = read_whole(file, size)
        if data is None:
            return _look_through(path, content_type, kinds)
        parse(data)
    except (ValueError, RecursionError) as error:
        if _is_json_lines(path):
            return Facts(content_type)
        return _take_as_text(path, kinds, error)
    return Facts(content_type)


def read_whole(file: BinaryIO, length: int) -> bytes | None:
    """Read JSON that is parsed within what a check may take; None where it is not.

    Args:
        file: Where it begins.
        length: Its bytes.
    """
    if length > _MOST_READ:
        return None
    data = file.read(length)
    text = 2 if data.isascii() else 5  # read and decoded
    objects = sum(data.count(mark) * each for mark, each in _OBJECTS.items())
    return data if len(data) * text + objects <= MOST_BYTES else None


def parse(data: bytes, kept: Collection[str] = ()) -> object:
    """Read JSON, and keep of it the members of some names, and numbers where there are such.

    Raises:
        ValueError, RecursionError: It is none.
    """
    return json.loads(
        data,
        object_pairs_hook=partial(_keep, kept) if kept else _forget,
        parse_float=float if kept else _forget,
        parse_int=int if kept else _forget,
        parse_constant=_forget,
    )


def is_closed(file: BinaryIO, length: int) -> bool:
    """Whether every bracket and every string of JSON ends.

    Args:
        file: Where it begins.
        length: Its bytes.
    """
    opened = bytearray()
    for mark in _read_marks(file, length):
        if mark in _OPENERS.values() and len(opened) < _DEEPEST:
            opened.append(mark)
        elif not opened or opened.pop() != _OPENERS.get(mark):
            return False
    return not opened


def _read_marks(file: BinaryIO, length: int) -> Iterator[int]:
    """The brackets that stand in no string, and a quote where one does not end."""
    quoted, passed = False, 0
    while length > 0 and (chunk := file.read(min(_CHUNK, length))):
        length -= len(chunk)
        found = None
        for found in _MARKS.finditer(chunk, passed):
            mark = chunk[found.start()]
            if mark == _QUOTE:
                quoted = not quoted
            elif not quoted and mark != _ESCAPE:
                yield mark
        passed = int(found is not None and found[0] == b"\\")  # what it escapes is to come
    if quoted or length:
        yield _QUOTE


def _look_through(path: Path, content_type: str, kinds: Collection[OutputType]) -> Facts:
    if OutputType.TEXT in kinds and OutputType.JSON not in kinds:  # words may close their brackets
        return Facts("text/plain", warning=check_text(path))
    with path.open("rb") as file:
        if not is_closed(file, path.stat().st_size):
            return _take_as_text(path, kinds, "a bracket or a string of it does not end")
    return Facts(content_type, warning="too large to be parsed: only its brackets are checked")


def _take_as_text(path: Path, kinds: Collection[OutputType], why: object) -> Facts:
    """Text may begin with a bracket, such as [Music]."""
    if OutputType.TEXT in kinds:
        return Facts("text/plain", warning=check_text(path))
    raise DownloadError(f"the JSON does not read: {why}", transient=True)


def _is_json_lines(path: Path) -> bool:
    """Whether every line is JSON of its own, and there are several."""
    count = 0
    try:
        with path.open("rb") as file:
            for line in file:
                if line.strip():
                    parse(line)
                    count += 1
    except (ValueError, RecursionError):
        return False
    return count > 1


def _forget(_: object) -> None:
    pass


def _keep(names: Collection[str], pairs: list[tuple[str, object]]) -> dict[str, object]:
    return {name: value for name, value in pairs if name in names}
