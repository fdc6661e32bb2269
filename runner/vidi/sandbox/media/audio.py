"""Sounds by PyAV: a tone of the ordered length, tagged SANDBOX and with the text."""

from __future__ import annotations

from dataclasses import dataclass
from io import BytesIO
from typing import TYPE_CHECKING

import av

from vidi.sandbox.media.order import CONTENT_TYPES, Made
from vidi.sandbox.media.tone import encode_tone

if TYPE_CHECKING:
    from vidi.sandbox.media.order import MediaOrder


@dataclass(frozen=True, slots=True)
class _Encoding:
    """How one format is made."""

    container: str
    codec: str
    rates: tuple[int, ...] = ()
    """The sample rates that the codec takes; empty: any."""


_MPEG_RATES = (8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000)
_OPUS_RATES = (48000,)
_RECIPES = {
    "mp3": _Encoding("mp3", "libmp3lame", _MPEG_RATES),
    "wav": _Encoding("wav", "pcm_s16le"),
    "flac": _Encoding("flac", "flac"),
    "ogg": _Encoding("ogg", "libopus", _OPUS_RATES),
    "opus": _Encoding("ogg", "libopus", _OPUS_RATES),
    "aac": _Encoding("adts", "aac", _MPEG_RATES),
    "m4a": _Encoding("mp4", "aac", _MPEG_RATES),
    "pcm": _Encoding("s16le", "pcm_s16le"),
    "ulaw": _Encoding("mulaw", "pcm_mulaw"),
    "alaw": _Encoding("alaw", "pcm_alaw"),
}


def make_audio(order: MediaOrder) -> Made:
    """Make one sound."""
    recipe = _RECIPES[order.format]
    rate = min(recipe.rates or (order.rate,), key=lambda known: abs(known - order.rate))
    file = BytesIO()
    with av.open(file, "w", format=recipe.container) as container:
        container.metadata["title"] = "SANDBOX"
        container.metadata["comment"] = order.text[:1000]
        for packet in encode_tone(container, recipe.codec, order, rate=rate):
            container.mux(packet)
    return Made(file.getvalue(), CONTENT_TYPES[order.format])
