"""Uploaded and made files, and how they are served: whole, in part, with length, type and ETag."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field
from hashlib import md5, sha256
from typing import TYPE_CHECKING

from starlette.responses import Response

from vidi.sandbox.media import make_media

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.requests import Request

    from vidi.sandbox.media.order import MediaOrder


@dataclass(frozen=True, slots=True)
class StoredFile:
    """One file. What was made to order is made again when it is read, not kept."""

    id: str
    name: str
    content_type: str
    size: int
    """In bytes; 0 where it is not made yet."""
    created_at: float
    expires_at: float = math.inf
    sha256: str = ""
    """Of an upload, in hex digits."""
    metadata: Mapping[str, object] = field(default_factory=dict)
    data: bytes | None = field(default=None, repr=False)
    order: MediaOrder | None = None
    model: str = ""
    """The id of the model that made it; empty for an upload."""

    @property
    def path(self) -> str:
        """Where it is served."""
        return f"/files/{self.id}/{self.name}"

    def read(self) -> bytes:
        """All its bytes."""
        if self.order is not None:
            return make_media(self.order).data
        return self.data or b""


class FileStore:
    """Every file of one sandbox, by id."""

    def __init__(self) -> None:
        self._files: dict[str, StoredFile] = {}

    def keep(self, file: StoredFile) -> StoredFile:
        """Keep a file under its id."""
        self._files[file.id] = file
        return file

    def find(self, file_id: str, now: float) -> StoredFile | None:
        """The file of that id, unless it was deleted or has expired."""
        file = self._files.get(file_id)
        return file if file and now < file.expires_at else None

    def drop(self, file_id: str) -> None:
        """Delete a file."""
        self._files.pop(file_id, None)

    def uploads(self, now: float) -> list[StoredFile]:
        """The uploaded files that are still there, newest first."""
        files = [file for file in self._files.values() if file.data is not None]
        return [file for file in reversed(files) if now < file.expires_at]


def digest_of(data: bytes) -> str:
    """The SHA-256 of a file, in hex digits."""
    return sha256(data).hexdigest()


def etag_of(data: bytes) -> str:
    """The entity tag of some bytes, quoted."""
    return f'"{md5(data, usedforsecurity=False).hexdigest()}"'


def serve_bytes(request: Request, data: bytes, content_type: str) -> Response:
    """Answer with a file, or with the part of it that a `Range` header asks for."""
    etag = etag_of(data)
    headers = {"ETag": etag, "Accept-Ranges": "bytes", "Cache-Control": "public, max-age=31536000"}
    wanted = request.headers.get("range")
    if wanted is None or request.headers.get("if-range", etag) != etag:
        return Response(data, media_type=content_type, headers=headers)
    span = _span_of(wanted, len(data))
    if span is None:
        headers["Content-Range"] = f"bytes */{len(data)}"
        return Response(status_code=416, headers=headers)
    start, stop = span
    headers["Content-Range"] = f"bytes {start}-{stop - 1}/{len(data)}"
    return Response(data[start:stop], status_code=206, media_type=content_type, headers=headers)


def _span_of(header: str, size: int) -> tuple[int, int] | None:
    """Read `bytes=2-5`, `bytes=2-` or `bytes=-3`; None where there are no such bytes."""
    match = re.fullmatch(r"bytes=(\d*)-(\d*)", header.strip())
    if match is None or not (match[1] or match[2]):
        return None
    if not match[1]:
        start, stop = max(0, size - int(match[2])), size
    else:
        start, stop = int(match[1]), min(size, int(match[2]) + 1 if match[2] else size)
    return (start, stop) if start < stop else None
