"""What the first bytes of a file say it is, and whether its own header says it should be longer."""

from __future__ import annotations

import re
import struct
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path
    from typing import BinaryIO

UNKNOWN = "application/octet-stream"
HEAD_BYTES = 4096
"""How much of a file's beginning `content_type_of` wants to see."""

_STARTS: tuple[tuple[bytes, str], ...] = (
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
    (b"II*\0", "image/tiff"),
    (b"MM\0*", "image/tiff"),
    (b"8BPS\0\1", "image/vnd.adobe.photoshop"),
    (b"\x76\x2f\x31\x01", "image/x-exr"),
    (b"\xff\x0a", "image/jxl"),
    (b"\0\0\0\x0cjP  \r\n\x87\n", "image/jp2"),
    (b"\xff\x4f\xff\x51", "image/jp2"),
    (b"#?RADIANCE\n", "image/vnd.radiance"),
    (b"#?RGBE\n", "image/vnd.radiance"),
    (b"\0\0\0\x0cJXL \r\n\x87\n", "image/jxl"),
    (b"\x1aE\xdf\xa3", "video/x-matroska"),
    (b"\0\0\1\xba", "video/mpeg"),
    (b"FLV\x01", "video/x-flv"),
    (b"#!AMR", "audio/amr"),
    (b"MThd", "audio/midi"),
    (b"fLaC", "audio/flac"),
    (b"OggS", "audio/ogg"),
    (b"ID3", "audio/mpeg"),
    (b"glTF", "model/gltf-binary"),
    (b"ply\n", "model/ply"),
    (b"ply\r\n", "model/ply"),
    (b"Kaydara FBX Binary", "model/fbx"),
    (b"PK\x03\x04", "application/zip"),
    (b"\x1f\x8b", "application/gzip"),
    (b"%PDF-", "application/pdf"),
)
_RIFF = {b"WEBP": "image/webp", b"WAVE": "audio/wav", b"AVI ": "video/x-msvideo"}
_BRANDS = {
    b"avif": "image/avif",
    b"avis": "image/avif",
    b"heic": "image/heic",
    b"heix": "image/heic",
    b"mif1": "image/heic",
    b"qt  ": "video/quicktime",
    b"M4A ": "audio/mp4",
    b"M4B ": "audio/mp4",
}
_MADE_OF_BOXES = ("video/mp4", "video/quicktime", "audio/mp4", "image/avif", "image/heic")
_MARKUP = re.compile(
    rb"(?:\xef\xbb\xbf)?(?:\s++|<\?xml.*?\?>|<!--.*?-->)*+<(!doctype\s+)?([a-z]+)",
    re.DOTALL | re.IGNORECASE,
)
_PIXMAP = re.compile(rb"P[1-6]\n(?:#[^\n]*\n)*\d+\s+\d+\s")
_SUBTITLE = re.compile(rb"(?:\xef\xbb\xbf)?\d+\r?\n\d\d:\d\d:\d\d,\d{3} --> ")


def content_type_of(head: bytes) -> str:
    """The content type that a file's beginning shows; `application/octet-stream` if none."""
    for start, content_type in _STARTS:
        if head.startswith(start):
            return content_type
    return _boxed(head) or _written(head) or _framed(head) or UNKNOWN


def _boxed(head: bytes) -> str:
    """Containers whose kind stands a few bytes in."""
    if head[:4] in {b"RIFF", b"RF64"}:
        return _RIFF.get(head[8:12], "")
    if head[:4] == b"FORM" and head[8:12] in {b"AIFF", b"AIFC"}:
        return "audio/aiff"
    if head[4:8] == b"ftyp":
        return _BRANDS.get(head[8:12], "video/mp4")
    if head[4:8] in {b"moov", b"mdat", b"wide"}:
        return "video/quicktime"
    if head[257:262] == b"ustar":
        return "application/x-tar"
    if head[:4] == b"\0\0\1\0" and len(head) > 22 and head[4:6] != b"\0\0" and not head[9]:
        return "image/x-icon"
    return "image/x-portable-anymap" if _PIXMAP.match(head) else ""


def _framed(head: bytes) -> str:
    """Formats with a short mark, told by a second one."""
    if head[:2] == b"BM" and head[6:10] == b"\0\0\0\0":
        return "image/bmp"
    if len(head) > 188 and head[0] == head[188] == 0x47:
        return "video/mp2t"
    if len(head) > 2 and head[0] == 0xFF and head[1] & 0xF6 == 0xF0:
        return "audio/aac"
    if len(head) > 2 and head[0] == 0xFF and head[1] & 0xE0 == 0xE0 and head[1] & 0x06:
        return "audio/mpeg"
    return ""


def _written(head: bytes) -> str:
    """Formats made of text."""
    markup = _MARKUP.match(head)
    if markup is not None:
        name = markup[2].lower()
        if name in {b"html", b"head", b"body"}:
            return "text/html"
        return "image/svg+xml" if name == b"svg" else "text/xml"
    if not _is_text(head):
        return ""
    stripped = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    if stripped[:1] in {b"{", b"["}:
        return "application/json"
    if stripped.startswith(b"WEBVTT"):
        return "text/vtt"
    return "application/x-subrip" if _SUBTITLE.match(head) else "text/plain"


def _is_text(head: bytes) -> bool:
    """Whether it is UTF-8 without control characters; a letter cut in two at the end is none."""
    if not head or b"\0" in head:
        return False
    try:
        head.decode("utf-8")
    except UnicodeDecodeError as error:
        return error.reason == "unexpected end of data" and len(head) - error.start < 4
    return True


def missing_bytes(path: Path, content_type: str, size: int) -> int:
    """How many bytes a file's own header promises beyond its end; 0 where it promises none."""
    find_missing = _PROMISING.get(content_type)
    if find_missing is None:
        return 0
    with path.open("rb") as file:
        return find_missing(file, size)


def _missing_in_glb(file: BinaryIO, size: int) -> int:
    header = file.read(12)
    return max(0, int.from_bytes(header[8:12], "little") - size) if len(header) == 12 else 12


def _missing_in_riff(file: BinaryIO, size: int) -> int:
    promised = int.from_bytes(file.read(8)[4:8], "little")
    streamed = promised in {0, 0xFFFFFFFF}  # written before the length was known
    return 0 if streamed else max(0, promised + 8 - size)


def _missing_in_boxes(file: BinaryIO, size: int) -> int:
    position = 0
    while position < size:
        file.seek(position)
        length = _box_length(file.read(16), size - position)
        if length == 0:
            return 0
        position += length
    return position - size


def _box_length(header: bytes, left: int) -> int:
    """The length of one ISO box; 0 where the file does not continue as boxes."""
    if len(header) < 8:
        return 0
    (length,) = struct.unpack(">I", header[:4])
    if length == 1 and len(header) == 16:
        (length,) = struct.unpack(">Q", header[8:16])
        return int(length) if length >= 16 else 0
    if length == 0:
        return left
    return int(length) if length >= 8 else 0


_PROMISING = {
    "model/gltf-binary": _missing_in_glb,
    **dict.fromkeys(_RIFF.values(), _missing_in_riff),
    **dict.fromkeys(_MADE_OF_BOXES, _missing_in_boxes),
}
"""Types whose header says how long the file is."""
