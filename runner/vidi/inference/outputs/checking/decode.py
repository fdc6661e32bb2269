"""Opening images and streams to see that they do. Heavy: imports Pillow or PyAV when called."""

from __future__ import annotations

import struct
import threading
import warnings
import zlib
from contextlib import contextmanager, nullcontext
from decimal import Decimal
from typing import TYPE_CHECKING

from vidi.errors import DownloadError
from vidi.inference.outputs.checking.facts import Facts

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from av.audio.stream import AudioStream
    from av.container import InputContainer
    from av.stream import Stream
    from av.video.stream import VideoStream
    from PIL.Image import Image

_DEMUXERS = {
    "video/mp4": "mp4",
    "video/quicktime": "mov",
    "audio/mp4": "mp4",
    "video/x-matroska": "matroska",
    "video/x-msvideo": "avi",
    "video/mpeg": "mpeg",
    "video/mp2t": "mpegts",
    "audio/mpeg": "mp3",
    "audio/wav": "wav",
    "audio/flac": "flac",
    "audio/ogg": "ogg",
    "audio/aac": "aac",
    "audio/aiff": "aiff",
    "audio/amr": "amr",
    "video/x-flv": "flv",
}
"""The one reader that FFmpeg may use for each type: a playlist must not open other addresses."""

_AUDIO_FORMS = {
    "video/mp4": "audio/mp4",
    "video/quicktime": "audio/mp4",
    "video/x-matroska": "audio/x-matroska",
    "video/webm": "audio/webm",
    "video/mp2t": "audio/aac",
}
_VIDEO_FORMS = {"audio/mp4": "video/mp4", "audio/ogg": "video/ogg"}
_NOT_EVERYWHERE = frozenset(
    {
        "image/avif",
        "image/heic",
        "image/jxl",
        "image/jp2",
        "image/x-exr",
        "image/vnd.adobe.photoshop",
        "image/vnd.radiance",
    }
)
"""Image types that some builds of Pillow cannot open."""

_WEBM_CODECS = frozenset({"vp8", "vp9", "av1", "libdav1d", "opus", "vorbis"})

_DAMAGE = (
    ArithmeticError,
    AttributeError,
    EOFError,
    LookupError,
    MemoryError,
    OSError,
    SyntaxError,
    TypeError,
    ValueError,
    struct.error,
    zlib.error,
)
"""What Pillow raises over damaged files, as fuzzing shows: its parsers' errors come through."""

_quiet = threading.Lock()


@contextmanager
def _quietly() -> Iterator[None]:
    """Keep Pillow's remarks on odd and large files to ourselves.

    One thread at a time: the filters belong to the whole process. TIFF remarks on every page.
    """
    with _quiet, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def open_image(path: Path, content_type: str) -> Facts:
    """Decode every frame of an image.

    Raises:
        DownloadError: It does not decode.
    """
    from PIL import Image, UnidentifiedImageError

    try:
        with _quietly():
            image = Image.open(path)
        with image, _quietly() if content_type == "image/tiff" else nullcontext():
            width, height = image.size
            _load_frames(image)
    except Image.DecompressionBombError:  # Pillow's own limit, about 179 million pixels
        return Facts(content_type, warning="too large to be decoded: only its header is checked")
    except UnidentifiedImageError as error:
        if content_type in _NOT_EVERYWHERE:
            return Facts(content_type, warning=f"{content_type} cannot be opened here: not checked")
        raise DownloadError(f"the {content_type} file does not open", transient=True) from error
    except _DAMAGE as error:
        raise DownloadError(
            f"the {content_type} file does not decode: {error}", transient=True
        ) from error
    return Facts(content_type, width, height)


def _load_frames(image: Image) -> None:
    for number in range(getattr(image, "n_frames", 1)):
        image.seek(number)
        image.load()


def open_stream(path: Path, content_type: str) -> Facts:
    """Decode the first frame of every stream of a video or an audio file.

    Raises:
        DownloadError: It does not open, has no stream, or one of them does not decode.
    """
    import av

    if content_type not in _DEMUXERS:  # notes without sound
        return Facts(content_type, warning=f"{content_type} is kept as it came: not opened")
    try:
        with av.open(str(path), format=_DEMUXERS[content_type]) as container:
            return _probe(container, content_type)
    except UnicodeDecodeError:  # PyAV before 19 reads the tags, whatever they are written in
        return Facts(content_type, warning="its tags are not UTF-8: not opened")
    except (av.error.FFmpegError, ValueError, EOFError) as error:
        raise DownloadError(
            f"the {content_type} file does not decode: {_reason(error)}", transient=True
        ) from error


def _reason(error: Exception) -> str:
    return getattr(error, "strerror", None) or str(error)


def _probe(container: InputContainer, content_type: str) -> Facts:
    import av

    pictures = [video for video in container.streams.video if not _is_cover(video)]
    sounds = list(container.streams.audio)
    if not pictures and not sounds:
        raise DownloadError(f"the {content_type} file holds neither picture nor sound")
    if silent := _undecoded(container, [*pictures, *sounds]):
        raise DownloadError(f"the {content_type} file has {silent} streams without a frame")
    duration = _duration(container, av.time_base)
    if content_type == "video/x-matroska" and _is_webm(container):
        content_type = "video/webm"
    if not pictures:
        return Facts(_AUDIO_FORMS.get(content_type, content_type), duration_s=duration)
    first = pictures[0].codec_context
    return Facts(_VIDEO_FORMS.get(content_type, content_type), first.width, first.height, duration)


def _undecoded(container: InputContainer, streams: list[VideoStream | AudioStream]) -> int:
    """How many streams end without having shown one frame; stops once each has."""
    waiting = {stream.index for stream in streams}
    for packet in container.demux(streams):
        if packet.stream.index in waiting and packet.decode():
            waiting.discard(packet.stream.index)
        if not waiting:
            break
    return len(waiting)


def _is_cover(stream: Stream) -> bool:
    """Whether a picture stream is only the sleeve of a recording."""
    from av.stream import Disposition

    return bool(stream.disposition & Disposition.attached_pic)


def _is_webm(container: InputContainer) -> bool:
    streams = (*container.streams.video, *container.streams.audio)
    return all(stream.codec_context.name in _WEBM_CODECS for stream in streams)


def _duration(container: InputContainer, ticks_per_second: int) -> Decimal | None:
    """Seconds, as the container or else its last packets say it."""
    if container.duration is not None:
        return Decimal(container.duration) / ticks_per_second
    container.seek(0)
    ends = [
        Decimal((packet.pts + (packet.duration or 0)) * packet.time_base.numerator)
        / packet.time_base.denominator
        for packet in container.demux()
        if packet.pts is not None
    ]
    return max(ends).quantize(Decimal("0.000001")) if ends else None
