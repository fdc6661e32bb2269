"""A quiet tone: as samples, and as the packets of any codec."""

from __future__ import annotations

import math
from array import array
from fractions import Fraction
from typing import TYPE_CHECKING, cast

import av

if TYPE_CHECKING:
    from collections.abc import Iterator

    from av.audio.stream import AudioStream
    from av.container import OutputContainer
    from av.packet import Packet

    from vidi.sandbox.media.order import MediaOrder

_PIECE = 24000
"""Samples that are given to an encoder at once."""


def tone_samples(order: MediaOrder, rate: int) -> bytes:
    """The whole sound: mono, 16 bits, little-endian."""
    count = max(1, round(order.duration_s * rate))
    period = rate // (200 + order.digest[0])
    wave = array("h", (round(3000 * math.sin(math.tau * at / period)) for at in range(period)))
    return (wave.tobytes() * (count // period + 1))[: count * 2]


def encode_tone(
    container: OutputContainer, codec: str, order: MediaOrder, *, rate: int = 0
) -> Iterator[Packet[AudioStream]]:
    """Add a sound track to `container` at once; its packets come when they are asked for."""
    rate = rate or (48000 if codec == "libopus" else order.rate)
    options = {"compression_level": "9"} if codec == "libmp3lame" else {}
    stream = cast(
        "AudioStream",
        container.add_stream(codec, rate=rate, layout="mono", options=options),
    )
    return _packets(stream, tone_samples(order, rate), rate)


def _packets(stream: AudioStream, samples: bytes, rate: int) -> Iterator[Packet[AudioStream]]:
    for start in range(0, len(samples), 2 * _PIECE):
        piece = samples[start : start + 2 * _PIECE]
        frame = av.AudioFrame("s16", "mono", len(piece) // 2, align=1)
        frame.planes[0].update(piece)
        frame.sample_rate = rate
        frame.time_base = Fraction(1, rate)
        frame.pts = start // 2
        yield from stream.encode(frame)
    yield from stream.encode()
