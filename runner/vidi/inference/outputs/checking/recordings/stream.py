"""Video and audio read to their last packet. Heavy: imports PyAV when called."""

from __future__ import annotations

import time
from decimal import Decimal
from typing import TYPE_CHECKING

from vidi.errors import DownloadError
from vidi.inference.outputs.checking.facts import Facts
from vidi.inference.outputs.checking.memory import MOST_BYTES
from vidi.inference.outputs.checking.recordings.decoder import Decoder
from vidi.inference.outputs.checking.recordings.pages import check_frames
from vidi.inference.outputs.checking.spoilt import cut_short, damaged

if TYPE_CHECKING:
    from pathlib import Path

    from av import Packet
    from av.audio.stream import AudioStream
    from av.container import InputContainer
    from av.stream import Stream
    from av.video.stream import VideoStream

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

OPTIONS = {"protocol_whitelist": "file", "skip_frame": "nokey", "threads": "1"}
"""No protocols but the file's own: what is in it may name other addresses.

The rest is for FFmpeg's own look at each stream: as few frames at once as it can.
"""

_AUDIO_FORMS = {
    "video/mp4": "audio/mp4",
    "video/quicktime": "audio/mp4",
    "video/x-matroska": "audio/x-matroska",
    "video/webm": "audio/webm",
    "video/mp2t": "audio/aac",
}
_VIDEO_FORMS = {"audio/mp4": "video/mp4", "audio/ogg": "video/ogg"}
_WEBM_CODECS = frozenset({"vp8", "vp9", "av1", "libdav1d", "opus", "vorbis"})

LONGEST_S = 60.0
"""For one recording: an hour of sound is decoded in a few seconds."""
SHORTEST_SHARE = Decimal("0.9")
"""Of the length that the container announces; encoders round, and drop a last frame."""
LEAST_MISSING_S = Decimal("0.5")
"""Seconds; nothing shorter is called cut off."""


def open_stream(path: Path, content_type: str, *, full: bool = False) -> Facts:
    """Read a video or an audio file to its end: sound decoded whole, long video at its key frames.

    Args:
        path: The file.
        content_type: What its first bytes say.
        full: Whether every frame is decoded, however long that takes.

    Raises:
        DownloadError: It does not open, has no stream, one of them does not decode, or it is
            shorter than its container says.
    """
    import av

    if content_type not in _DEMUXERS:  # notes without sound
        return Facts(content_type, warning=f"{content_type} is kept as it came: not opened")
    check_frames(path, content_type)
    form = _DEMUXERS[content_type]
    try:
        with av.open(
            str(path), format=form, options=OPTIONS, metadata_errors="replace"
        ) as container:
            return _read(container, content_type, full=full)
    except UnicodeDecodeError:  # PyAV before 19 reads the tags, whatever they are written in
        return Facts(content_type, warning="its tags are not UTF-8: not opened")
    except (av.error.FFmpegError, ValueError, EOFError) as error:
        raise damaged(content_type, getattr(error, "strerror", None) or error) from error


def _read(container: InputContainer, content_type: str, *, full: bool) -> Facts:
    import av

    pictures = [video for video in container.streams.video if not _is_cover(video)]
    sounds = list(container.streams.audio)
    if any(stream.codec_context is None for stream in (*pictures, *sounds)):
        raise damaged(content_type, "nobody knows how one of its streams is coded")
    if not pictures and not sounds:
        raise DownloadError(f"the {content_type} file holds neither picture nor sound")
    announced = _seconds(container.duration, av.time_base)
    reading = _Reading(pictures, sounds, full=full)
    warning = reading.read(container)
    if silent := reading.silent:
        raise DownloadError(f"the {content_type} file has {silent} streams without a frame")
    if not warning:
        _check_length(content_type, announced, reading.end)
    duration = announced if announced is not None else reading.end
    if content_type == "video/x-matroska" and _is_webm(container):
        content_type = "video/webm"
    if not pictures:
        kind = _AUDIO_FORMS.get(content_type, content_type)
        return Facts(kind, duration_s=duration, warning=warning)
    first, kind = pictures[0].codec_context, _VIDEO_FORMS.get(content_type, content_type)
    return Facts(kind, first.width, first.height, duration, warning=warning)


class _Reading:
    """The packets of a recording, one after another."""

    def __init__(
        self, pictures: list[VideoStream], sounds: list[AudioStream], *, full: bool
    ) -> None:
        self._streams = [*pictures, *sounds]
        room = MOST_BYTES // max(1, len(pictures))
        self._decoders = {
            each.index: Decoder(each.codec_context, full=full, room=room) for each in pictures
        }
        self._waiting = {stream.index for stream in self._streams if not self._leaves_out(stream)}
        self._full = full
        self.end: Decimal | None = None
        """Seconds at which the last packet ends."""

    @property
    def silent(self) -> int:
        """How many streams have ended without having shown one frame."""
        return len(self._waiting)

    def read(self, container: InputContainer) -> str:
        """Decode to the end; returns what is to be told of what was not decoded."""
        ends = time.monotonic() + LONGEST_S
        for packet in container.demux(self._streams):
            if packet.pts is not None and packet.time_base is not None:
                ticks = packet.pts + (packet.duration or 0)
                at = Decimal(ticks) * packet.time_base.numerator / packet.time_base.denominator
                self.end = at if self.end is None else max(self.end, at)
            if self._decode(packet):
                self._waiting.discard(packet.stream.index)
            if not self._full and not self._waiting and time.monotonic() > ends:
                return "too long to be decoded whole: its beginning is checked"
        left_out = any(map(self._leaves_out, self._streams))
        return "too large to be decoded: only its packets are read" if left_out else ""

    def _leaves_out(self, stream: Stream) -> bool:
        decoder = self._decoders.get(stream.index)
        return decoder is not None and decoder.is_too_large

    def _decode(self, packet: Packet[Stream]) -> int:
        decoder = self._decoders.get(packet.stream.index)
        return len(packet.decode()) if decoder is None else decoder.decode(packet)


def _check_length(content_type: str, announced: Decimal | None, end: Decimal | None) -> None:
    if announced is None or end is None:
        return
    missing = announced - end
    if end < announced * SHORTEST_SHARE and missing > LEAST_MISSING_S:
        raise cut_short(content_type, f"it ends at {end:.1f} s of {announced:.1f} s")


def _seconds(ticks: int | None, per_second: int) -> Decimal | None:
    return None if ticks is None else Decimal(ticks) / per_second


def _is_cover(stream: Stream) -> bool:
    """Whether a picture stream is only the sleeve of a recording."""
    from av.stream import Disposition

    return bool(stream.disposition & Disposition.attached_pic)


def _is_webm(container: InputContainer) -> bool:
    streams = (*container.streams.video, *container.streams.audio)
    return all(stream.codec_context.name in _WEBM_CODECS for stream in streams)
