"""Secrets that a test plants, and every shape in which they may be found again."""

import base64
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from urllib.parse import quote


def shapes_of(secret: str) -> Iterator[str]:
    """A text as somebody may find it: as it is, reversed, and in every usual encoding."""
    raw = secret.encode()
    yield from (
        secret,
        secret[::-1],
        quote(secret, safe=""),
        json.dumps(secret),
        repr(secret)[1:-1],
    )
    yield from (raw.hex(), raw.hex().upper())
    for shift in range(3):  # base64 at every alignment, without the characters at its ends
        coded = base64.b64encode(bytes(shift) + raw).decode().rstrip("=")
        yield coded[4:-2]


def find_leaks(secrets: Mapping[str, str], held: Mapping[str, bytes]) -> list[tuple[str, str, str]]:
    """Which secret is where, and in what shape: of what was written and said, by its name."""
    shapes = [(name, shape) for name, secret in secrets.items() for shape in {*shapes_of(secret)}]
    return [
        (name, place, shape)
        for place, content in held.items()
        for name, shape in shapes
        if shape.encode() in content
    ]


def read_all(folder: Path, *but: str) -> dict[str, bytes]:
    """The content of every file below a folder, but for those of some names."""
    paths = (path for path in folder.rglob("*") if path.is_file() and path.name not in but)
    return {str(path.relative_to(folder)): path.read_bytes() for path in paths}
