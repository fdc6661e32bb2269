"""A WebP decoded by whom it takes little enough memory.

Pillow has libwebp's decoder of animations open each file: four canvases of 4 bytes a pixel, and the
file twice. It refuses most, so it does what fits. FFmpeg holds one picture, and does the rest.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

from vidi.inference.outputs.checking.facts import Facts
from vidi.inference.outputs.checking.images.raster import TOO_LARGE, go_through, open_image
from vidi.inference.outputs.checking.images.webp.chunks import TYPE, read_webp
from vidi.inference.outputs.checking.memory import MOST_BYTES, needed_by_pillow
from vidi.inference.outputs.checking.spoilt import damaged

if TYPE_CHECKING:
    from collections.abc import Iterator
    from io import BufferedReader
    from pathlib import Path

    from av import Packet, VideoFrame
    from av.stream import Stream

    from vidi.inference.outputs.checking.images.webp.chunks import Picture, WebP

_LOSSY, _LOSSLESS, _TRANSPARENT = 1.6, 4.1, 6.7
"""Bytes that FFmpeg's decoder holds a pixel, measured: 4:2:0, ARGB, and 4:2:0 beside ARGB."""
_LIBRARY = 20 << 20
"""Bytes of FFmpeg itself: who has checked small ones has only loaded Pillow."""


def check_webp(path: Path, *, full: bool = False) -> Facts:
    """Check a WebP, its frames too where it is animated. Heavy: imports Pillow or PyAV.

    Args:
        path: The file.
        full: Whether libwebp decodes it, whatever memory that takes.

    Raises:
        DownloadError: It is damaged or ends early.
    """
    webp = read_webp(path)
    if full or _fits_pillow(webp):
        return open_image(path, TYPE, full=full)
    if any(_needed(picture) > MOST_BYTES for picture in webp.pictures):
        return Facts(TYPE, webp.width, webp.height, warning=TOO_LARGE)
    import av

    try:
        pixels, count = webp.width * webp.height, len(webp.pictures)
        warning = go_through(_decode_each(path, webp), pixels, count)
    except (av.error.FFmpegError, ValueError) as error:
        raise damaged(TYPE, getattr(error, "strerror", None) or error) from error
    return Facts(TYPE, webp.width, webp.height, warning=warning)


def fits_pillow(path: Path) -> bool:
    """Whether Pillow decodes a WebP within what a check may take.

    Raises:
        DownloadError: It is damaged or ends early.
    """
    return _fits_pillow(read_webp(path))


def _fits_pillow(webp: WebP) -> bool:
    return needed_by_pillow("WEBP", webp.width * webp.height, webp.size) <= MOST_BYTES


def decode_first(path: Path) -> VideoFrame | None:
    """The first picture of a WebP that has been checked; None where it takes too much. Heavy.

    Raises:
        av.error.FFmpegError, ValueError: It does not decode.
    """
    first = read_webp(path).pictures[0]
    if _needed(first) > MOST_BYTES:
        return None
    with path.open("rb") as file:
        return _decode(file, first)


def _needed(picture: Picture) -> float:
    """Bytes in which FFmpeg is loaded and decodes it."""
    pixel = _LOSSLESS if picture.is_lossless else _LOSSY
    pixel = _TRANSPARENT if picture.has_own_transparency else pixel
    coded = sum(chunk.length for chunk in picture.chunks)
    return picture.width * picture.height * pixel + coded + _LIBRARY


def _decode_each(path: Path, webp: WebP) -> Iterator[str]:
    with path.open("rb") as file:
        for picture in webp.pictures:
            _decode(file, picture)
            yield ""


def _decode(file: BufferedReader, picture: Picture) -> VideoFrame:
    import av

    codec = av.CodecContext.create("webp", "r")
    codec.thread_count = 1  # one more would hold one more picture
    frames = [*codec.decode(_read_alone(file, picture)), *codec.decode(None)]
    if not frames:
        raise ValueError("a picture of it is empty")
    return frames[0]


def _read_alone(file: BufferedReader, picture: Picture) -> Packet[Stream]:
    """A picture as if it were a file of its own: nobody looks at what else is in this one."""
    import av

    length = sum(chunk.end - chunk.place for chunk in picture.chunks)
    packet = av.Packet(12 + length)
    with memoryview(packet) as content:
        content[:12] = struct.pack("<4sI4s", b"RIFF", 4 + length, b"WEBP")
        at = 12
        for chunk in picture.chunks:
            file.seek(chunk.place)
            at += file.readinto(content[at : at + chunk.end - chunk.place])
    return packet
