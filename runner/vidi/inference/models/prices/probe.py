"""Facts of local input files that prices depend on: size, length, frames.

Importing this is cheap; Pillow and PyAV are imported when a price rule asks for a fact.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from typing import TYPE_CHECKING

from vidi.quiet import quietly

if TYPE_CHECKING:
    from fractions import Fraction
    from pathlib import Path

    from av.container import InputContainer
    from av.stream import Stream

ZERO = Decimal(0)
MICROSECONDS = 1_000_000
"""The unit of a container's own duration (FFmpeg's AV_TIME_BASE)."""

_CONTAINERS = (
    "aac,ac3,aiff,amr,apng,asf,au,avi,caf,flac,flv,gif,matroska,mov,mp3,mpeg,mpegts,mpegvideo,mxf,"
    "ogg,tta,w64,wav,webp_pipe,wv"
)
_ALONE = {
    "protocol_whitelist": "file",
    "format_whitelist": _CONTAINERS,
    "max_pixels": str(36_000_000),
}
"""What FFmpeg may take a file for: an input may be a stranger's, whatever it is called. Never a
playlist, which names other files (ffconcat, HLS), nor a session description. Frames beyond 8K are
not decoded: one of 16,000 x 16,000 in a file of 750 kB took 620 MB, and takes none."""


class UnreadableMediaError(Exception):
    """A file is not the media that a price rule takes it for. Never leaves this package."""


@dataclass(frozen=True, slots=True)
class FileFacts:
    """What a media file is, never zero. None: this kind of file does not have it."""

    width: Decimal | None = None
    height: Decimal | None = None
    length: Decimal | None = None
    """In seconds, from the stream's own time base."""
    frames: Decimal | None = None
    fps: Decimal | None = None


def image_facts(path: Path) -> FileFacts:
    """The size of an image, or of the pictures of a video.

    Raises:
        UnreadableMediaError: It is neither.
    """
    status = path.stat()
    return _read_image(path, status.st_mtime_ns, status.st_size)


def media_facts(path: Path) -> FileFacts:
    """Length, frames and size of a video or a sound file.

    Raises:
        UnreadableMediaError: It is neither.
    """
    status = path.stat()
    return _read_media(path, status.st_mtime_ns, status.st_size)


@lru_cache(maxsize=4096)
def _read_image(path: Path, mtime_ns: int, size: int) -> FileFacts:
    from PIL import Image, UnidentifiedImageError

    try:
        # Only the header is read: a large picture is no decompression bomb here.
        with quietly(), Image.open(path) as picture:
            return FileFacts(width=Decimal(picture.width), height=Decimal(picture.height))
    except UnidentifiedImageError:
        return _read_media(path, mtime_ns, size)
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise UnreadableMediaError(str(error)) from error


@lru_cache(maxsize=4096)
def _read_media(path: Path, _mtime_ns: int, _size: int) -> FileFacts:
    import av

    try:
        with av.open(str(path), options=_ALONE) as container:
            return _facts_of(container)
    except (av.FFmpegError, OSError, ValueError) as error:
        raise UnreadableMediaError("it is not a readable video or sound file") from error


def _facts_of(container: InputContainer) -> FileFacts:
    if container.streams.video:
        video = container.streams.video[0]
        width, height = video.codec_context.width, video.codec_context.height
        if not width or not height:
            # FFmpeg opens whatever is called .png and finds a picture without a size in it.
            raise UnreadableMediaError("its pictures have no size")
        fps = _decimal(video.average_rate or video.guessed_rate)
        length = _length(container, video)
        frames = Decimal(video.frames) if video.frames else _rounded_product(length, fps)
        return FileFacts(Decimal(width), Decimal(height), length, frames, fps)
    if container.streams.audio:
        return FileFacts(length=_length(container, container.streams.audio[0]))
    raise UnreadableMediaError("it holds neither pictures nor sound")


def _length(container: InputContainer, stream: Stream) -> Decimal | None:
    if stream.duration and stream.time_base:
        return _decimal(stream.duration * stream.time_base)
    return Decimal(container.duration) / MICROSECONDS if container.duration else None


def _rounded_product(length: Decimal | None, fps: Decimal | None) -> Decimal | None:
    product = length * fps if length and fps else ZERO
    return product.to_integral_value() or None


def _decimal(fraction: Fraction | None) -> Decimal | None:
    """The same number; None for zero too, which no medium has."""
    if not fraction:
        return None
    return Decimal(fraction.numerator) / Decimal(fraction.denominator)
