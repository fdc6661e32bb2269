"""PLY, STL and OBJ: what they say they hold is counted."""

from __future__ import annotations

import itertools
import struct
from typing import TYPE_CHECKING

from vidi.inference.outputs.checking.spoilt import cut_short, damaged

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from typing import BinaryIO

_SIZES = {
    "char": 1, "uchar": 1, "int8": 1, "uint8": 1,
    "short": 2, "ushort": 2, "int16": 2, "uint16": 2,
    "int": 4, "uint": 4, "int32": 4, "uint32": 4, "float": 4, "float32": 4,
    "double": 8, "float64": 8,
}  # fmt: skip
_CODES = {1: "B", 2: "H", 4: "I"}
_STL_HEADER = 84
_STL_FACET = 50
_LONGEST_LINE = 1 << 20
_LONGEST_HEADER = 200


def check_stl(path: Path) -> None:
    """Count the facets of an STL file.

    Raises:
        DownloadError: It is damaged or ends early.
    """
    size = path.stat().st_size
    with path.open("rb") as file:
        head = file.read(_STL_HEADER)
        count = int.from_bytes(head[80:84], "little") if len(head) == _STL_HEADER else 0
        if size == _STL_HEADER + _STL_FACET * count and count:
            return
        if not head.lstrip().startswith(b"solid"):
            raise cut_short("model/stl", f"it has {count:,} facets, and bytes for fewer or more")
        file.seek(0)
        counts, last = dict.fromkeys((b"facet", b"endfacet", b"vertex"), 0), b""
        for last in _first_words(file):
            if last in counts:
                counts[last] += 1
    facets, ends, vertices = counts.values()
    if not facets or facets != ends or vertices != 3 * facets or last != b"endsolid":
        raise cut_short("model/stl")


def check_obj(path: Path) -> None:
    """See that every face of an OBJ file has corners, and that those are there.

    Raises:
        DownloadError: It is damaged or ends early.
    """
    vertices, faces, largest = 0, 0, 0
    with path.open("rb") as file:
        for line in _lines(file):
            words = line.split()
            if words[:1] == [b"v"]:
                if len(words) < 4:
                    raise cut_short("model/obj", "a vertex lacks a coordinate")
                vertices += 1
            elif words[:1] in ([b"f"], [b"l"]):
                faces += 1
                largest = max(largest, _largest_corner(words, vertices))
    if not vertices or largest > vertices:
        raise cut_short("model/obj", f"a face has corner {largest:,} of {vertices:,}")


def _largest_corner(words: list[bytes], vertices: int) -> int:
    if len(words) < (4 if words[0] == b"f" else 3):
        raise cut_short("model/obj", "a face lacks a corner")
    try:
        corners = [int(word.partition(b"/")[0]) for word in words[1:]]
    except ValueError as error:
        raise damaged("model/obj", error) from error
    if any(corner == 0 or -corner > vertices for corner in corners):
        raise damaged("model/obj", "a face has a corner that is none")
    return max(corners)


def check_ply(path: Path) -> None:
    """Count the elements of a PLY file, the lists in them too.

    Raises:
        DownloadError: It is damaged or ends early.
    """
    with path.open("rb") as file:
        try:
            form, elements = _read_ply_header(file)
            if form == "ascii":
                _count_words(file, elements)
            else:
                order = "<" if "little" in form else ">"
                for count, properties in elements:
                    _skip_element(file, count, properties, order)
                if len(file.read(1)):
                    raise damaged("model/ply", "there is more in it than it says")
        except (ValueError, LookupError, struct.error) as error:
            raise damaged("model/ply", error) from error


def _read_ply_header(file: BinaryIO) -> tuple[str, list[tuple[int, list[list[str]]]]]:
    """The form, and of each element how many there are and what each holds."""
    form, elements = "", []
    for line in itertools.islice(_lines(file), _LONGEST_HEADER):
        words = line.decode("ascii").split()
        match words[:1]:
            case ["format"]:
                form = words[1]
            case ["element"]:
                elements.append((int(words[2]), list[list[str]]()))
            case ["property"]:
                elements[-1][1].append(words[1:-1])
            case ["end_header"]:
                return form, elements
            case _:
                pass  # a comment
    raise cut_short("model/ply", "its header does not end")


def _lines(file: BinaryIO) -> Iterator[bytes]:
    while line := file.readline(_LONGEST_LINE):
        yield line


def _first_words(file: BinaryIO) -> Iterator[bytes]:
    for line in _lines(file):
        yield from line.split(None, 1)[:1]


def _count_words(file: BinaryIO, elements: list[tuple[int, list[list[str]]]]) -> None:
    words = (word for line in _lines(file) for word in line.split())
    try:
        for told in _spell_out(elements):
            length = int(next(words)) if told[0] == "list" else 1
            for _ in range(length):
                float(next(words))
    except StopIteration:
        raise cut_short("model/ply") from None


def _spell_out(elements: list[tuple[int, list[list[str]]]]) -> Iterator[list[str]]:
    """Every property of every element, in the order in which the file has them."""
    for count, properties in elements:
        for _ in range(count):
            yield from properties


def _skip_element(file: BinaryIO, count: int, properties: list[list[str]], order: str) -> None:
    if not any(words[0] == "list" for words in properties):
        _skip(file, count * sum(_SIZES[words[0]] for words in properties))
        return
    for _ in range(count):
        for words in properties:
            if words[0] == "list":
                size = _SIZES[words[1]]
                (length,) = struct.unpack(order + _CODES[size], _take(file, size))
                _skip(file, length * _SIZES[words[2]])
            else:
                _skip(file, _SIZES[words[0]])


def _take(file: BinaryIO, length: int) -> bytes:
    data = file.read(length)
    if len(data) < length:
        raise cut_short("model/ply")
    return data


def _skip(file: BinaryIO, length: int) -> None:
    """Go on, and see that the file does."""
    if length:
        file.seek(length - 1, 1)
        _take(file, 1)
