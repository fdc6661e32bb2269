"""What of a stream is decoded, so that it stays within what a check may take.

A decoder of video holds the frames to which later ones refer: with 4K, a hundred MB and more. Key
frames refer to none, and each of them is decoded alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from vidi.inference.outputs.checking.memory import MOST_BYTES

if TYPE_CHECKING:
    from av import Packet, VideoCodecContext, VideoFrame
    from av.stream import Stream
    from av.video.stream import VideoStream

MOST_PIXELS = 150_000_000
"""Of frames that are all decoded (6 s at 720p); from then on, key frames alone are."""
_HELD, _MOST_HELD = 12, 20
"""Frames that a decoder holds, and with as many references as the format allows."""
_FEW_REFERENCES = {"h264": (3, 42), "hevc": (12, 123)}
"""Levels up to which full HD has at most 4 (H.264, A.3.1) or 6 references (HEVC, A.4.2), and which
byte of the decoder's configuration says the level (ISO/IEC 14496-15)."""
_ALONE = 2
"""Frames, for one that refers to none."""
_MADE_UP = 7
"""Frames, for a key frame that is not the first: H.264's and HEVC's decoders make up those to which
others that follow it refer (open groups)."""
_THREADS = {"libdav1d": 1}
"""Two of them share a frame, and VP8's decoder refuses more then, on whatever machine. AV1's would
each hold frames of their own."""
_SKIPPING = frozenset({"h264", "hevc"})
"""Decoders that parse what they are asked to skip: damage may hide that it is a key frame. Others
decode it, or refuse it."""
_UNKNOWN_BITS = 32
"""A pixel, of a form that nobody has named yet."""


class Decoder:
    """One stream of pictures, decoded as far as the bounds allow."""

    def __init__(
        self, codec: VideoCodecContext, *, full: bool = False, room: int = MOST_BYTES
    ) -> None:
        """Decide what is decoded.

        Args:
            codec: Of the stream, not opened yet.
            full: Whether all of it is, whatever memory and time that takes.
            room: Bytes that it may take.
        """
        self._codec = codec
        self._full = full
        self._room = room
        self._pixels = 0
        self._keys_alone = self._first_alone = False
        self.is_too_large = False
        """Whether nothing of it is decoded."""
        self._decide()
        if not full:
            codec.thread_count = _THREADS.get(codec.name, 2)

    def _decide(self) -> None:
        """Choose by the size of a frame, which may be another one from some frame on."""
        self._sides = self._codec.width, self._codec.height
        if self._full:
            return
        frame = _frame_bytes(self._codec)
        self._keys_alone = self._keys_alone or frame * _held(self._codec) > self._room
        self._first_alone = self._codec.name in _SKIPPING and frame * _MADE_UP > self._room
        self.is_too_large = frame * _ALONE > self._room

    def decode(self, packet: Packet[Stream]) -> int:
        """Decode a packet, if it is one of those that are; returns the number of frames.

        Raises:
            av.error.FFmpegError: It is damaged.
        """
        if self.is_too_large:
            return 0
        count = self._decode_key(packet) if self._keys_alone else len(packet.decode())
        self._pixels += count * self._codec.width * self._codec.height
        if count and self._sides != (self._codec.width, self._codec.height):
            self._decide()
        if self._pixels > MOST_PIXELS and not self._full and not self._keys_alone:
            self._codec.flush_buffers()
            self._codec.skip_frame = "NONKEY"
            self._keys_alone = True
        return count

    def _decode_key(self, packet: Packet[Stream]) -> int:
        if self._pixels and not packet.is_keyframe and self._codec.name not in _SKIPPING:
            return 0
        if packet.is_keyframe:
            count = len(decode_alone(self._codec, packet))
        else:
            count = len(packet.decode())
            if count:
                self._codec.flush_buffers()
        if count:
            self._codec.skip_frame = "ALL" if self._first_alone else "NONKEY"
        return count


def decode_alone(
    codec: VideoCodecContext, packet: Packet[Stream] | Packet[VideoStream]
) -> list[VideoFrame]:
    """Decode a key frame, and have the decoder forget it.

    Raises:
        av.error.FFmpegError: It is damaged.
    """
    frames = [*codec.decode(packet), *codec.decode(None)]
    codec.flush_buffers()
    return frames


def _frame_bytes(codec: VideoCodecContext) -> int:
    bits = codec.format.padded_bits_per_pixel if codec.format else _UNKNOWN_BITS
    return codec.width * codec.height * bits // 8


def _held(codec: VideoCodecContext) -> int:
    """Frames that its decoder holds at most."""
    if codec.name not in _FEW_REFERENCES:
        return _HELD
    place, level = _FEW_REFERENCES[codec.name]
    configuration = codec.extradata or b""
    told = configuration[:1] == b"\1" and len(configuration) > place
    return _HELD if told and configuration[place] <= level else _MOST_HELD
