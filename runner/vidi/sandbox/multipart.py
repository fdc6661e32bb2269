"""Reading a `multipart/form-data` body, RFC 7578."""

from __future__ import annotations

from dataclasses import dataclass
from email.message import Message
from email.parser import HeaderParser


@dataclass(frozen=True, slots=True)
class Part:
    """One field of a form."""

    data: bytes
    filename: str | None
    content_type: str | None


def read_multipart(content_type: str, body: bytes) -> dict[str, Part] | None:
    """The parts of a form by their names; None where the body is no form."""
    header = Message()
    header["Content-Type"] = content_type
    boundary = header.get_boundary()
    if header.get_content_type() != "multipart/form-data" or not boundary:
        return None
    pieces = (b"\r\n" + body).split(b"\r\n--" + boundary.encode())[1:]
    parts = [_read_part(piece) for piece in pieces if not piece.startswith(b"--")]
    return dict(part for part in parts if part is not None)


def _read_part(piece: bytes) -> tuple[str, Part] | None:
    head, _, data = piece.removeprefix(b"\r\n").partition(b"\r\n\r\n")
    headers = HeaderParser().parsestr(head.decode("utf-8", "replace"))
    name = headers.get_param("name", header="content-disposition")
    if not isinstance(name, str):
        return None
    kind = headers["content-type"]
    return name, Part(data, headers.get_filename(), str(kind) if kind else None)
