"""Price rules of speech, music and sound models, one by one."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from lines import line, metered, published_rates, rate, row
from quantity import (
    between,
    cases,
    characters,
    length,
    param,
    product,
    quotient,
    seconds,
    spoken,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from facts import Fact
    from lines import Row

MODEL_DECIDES = "the model decides how long it is"


def text_at(*paths: str) -> Callable[[Fact], Row]:
    """Characters of texts inside a list of lines."""
    return lambda fact: row(line("characters", characters(*paths), *published_rates(fact)))


def speech_from(name: str) -> Callable[[Fact], Row]:
    """Seconds of speech made from a text."""
    return lambda fact: row(line("seconds of speech", spoken(name), *published_rates(fact)))


def vibevoice(fact: Fact) -> Row:
    """Minutes of speech, to the nearest 15 seconds; nothing says that less than 8 s is free."""
    rounding = {"round": {"mode": "nearest", "to": 15}, "minimum": 15}
    return row(line("seconds of speech", spoken("script"), *published_rates(fact), **rounding))


def elevenlabs_music(fact: Fact) -> Row:
    """The length asked for; else the model decides, within what may be asked for."""
    limit = fact.params["music_length_ms"]
    free = between(limit["min"], limit["max"], MODEL_DECIDES)
    milliseconds = cases(({"music_length_ms": "present"}, param("music_length_ms")), otherwise=free)
    return row(line("seconds of music", quotient(milliseconds, 1000), *published_rates(fact)))


def sound_effects(fact: Fact) -> Row:
    """The length asked for; else the model decides."""
    free = between(Decimal("0.5"), 30, f"{MODEL_DECIDES}, at most 30 s")
    asked = ({"duration_seconds": "present"}, seconds("duration_seconds"))
    return row(line("seconds of sound", cases(asked, otherwise=free), *published_rates(fact)))


def lyria_2(fact: Fact) -> Row:
    """Clips of about half a minute: 32.8 s at Google, 30 s on fal's page."""
    clip = between(30, 33, "clips have a fixed length of 30 to 33 s")
    more = {"metered_by": metered(fact, "second")}
    return row(line("seconds of music", clip, *published_rates(fact), **more))


def unbounded(why: str) -> Callable[[Fact], Row]:
    """Seconds of something whose length nobody can ask for."""
    return lambda fact: row(line("seconds", between(0, None, why), *published_rates(fact)))


def mirelo(fact: Fact) -> Row:
    """Seconds of each sample."""
    quantity = product(seconds("duration"), param("num_samples"))
    return row(line("seconds of sound, of all samples", quantity, *published_rates(fact)))


def sonauto(fact: Fact) -> Row:
    """Two songs cost one and a half times one."""
    half_more = [{"when": {"num_songs": 2}, "factor": Decimal("1.5")}]
    return row(line("request", 1, *published_rates(fact), multipliers=half_more))


def voice_clone(fact: Fact) -> Row:
    """A voice, and the preview text at a rate that the page does not give."""
    why = "the rate of preview text is not published: 0.03 (voice-design) to 0.10 (speech-02-hd)"
    factor = [{"by": between(Decimal("0.3"), 1, why)}]
    preview = line(
        "characters of the preview",
        characters("text"),
        rate("1k_characters", Decimal("0.10")),
        multipliers=factor,
    )
    return row(line("voice", 1, *published_rates(fact)), preview)


def voice_design(fact: Fact) -> Row:
    """A voice, and the preview text."""
    preview = rate("1k_characters", Decimal("0.03"))
    return row(
        line("voice", 1, *published_rates(fact)),
        line("characters of the preview", characters("preview_text"), preview),
    )


def sound_of(name: str) -> Callable[[Fact], Row]:
    """The length of one input file."""
    return lambda fact: row(line("seconds of the input", length(name), *published_rates(fact)))


RULES: dict[str, Callable[[Fact], Row]] = {
    "fal/fal-ai/elevenlabs/text-to-dialogue/eleven-v3": text_at("inputs[].text"),
    "fal/fal-ai/csm-1b": text_at("scene[].text"),
    "fal/fal-ai/playai/tts/*": speech_from("input"),
    "fal/fal-ai/index-tts-2/text-to-speech": speech_from("prompt"),
    "fal/fal-ai/vibevoice": vibevoice,
    "fal/fal-ai/elevenlabs/music": elevenlabs_music,
    "fal/fal-ai/elevenlabs/sound-effects/v2": sound_effects,
    "replicate/google/lyria-2": lyria_2,
    "fal/fal-ai/yue": unbounded("the lyrics set the length of the song"),
    "fal/mirelo-ai/sfx-v1/video-to-audio": mirelo,
    "fal/sonauto/v2/text-to-music": sonauto,
    "fal/fal-ai/minimax/voice-clone": voice_clone,
    "fal/fal-ai/minimax/voice-design": voice_design,
    "fal/fal-ai/elevenlabs/voice-changer": sound_of("audio_url"),
}
"""Models by id or pattern, the first that fits."""
