"""The number of pages of a PDF, without a library: the largest count of its page trees."""

from __future__ import annotations

import re
import zlib
from decimal import Decimal
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_TREE = re.compile(rb"<<(?:[^<>]|<<[^<>]*>>|<[^<>]*>)*/Type\s*/Pages\b(?:[^<>]|<<[^<>]*>>)*>>")
_COUNT = re.compile(rb"/Count\s+(\d+)")
_STREAM = re.compile(rb"/ObjStm\b[^\0]{0,400}?stream\r?\n", re.DOTALL)
_LARGEST = 64 * 1024 * 1024
"""Bytes of a file, and of an object stream when it is unpacked, that are looked through."""


def pdf_pages(path: Path) -> Decimal | None:
    """How many pages a PDF has (ISO 32000-1, 7.7.3); None where it is none, or does not say."""
    with path.open("rb") as file:
        data = file.read(_LARGEST)
    if not data.startswith(b"%PDF-"):
        return None
    parts = (data, *_object_streams(data))
    trees = (tree.group() for part in parts for tree in _TREE.finditer(part))
    most = max((int(count) for tree in trees for count in _COUNT.findall(tree)), default=0)
    return Decimal(most) if most else None


def _object_streams(data: bytes) -> Iterator[bytes]:
    """The unpacked object streams, in which newer files keep their page trees."""
    for head in _STREAM.finditer(data):
        try:
            yield zlib.decompressobj().decompress(data[head.end() :], _LARGEST)
        except zlib.error:  # packed in another way: it says nothing
            continue
