"""How long a run of each kind of model may take, from submit to result."""

from __future__ import annotations

from typing import TYPE_CHECKING

from places import output_type_of

if TYPE_CHECKING:
    from facts import Fact

SECONDS = {
    "audio-processing": 900,
    "avatar": 1800,
    "background-removal": 300,
    "face-restoration": 300,
    "image-edit": 300,
    "image-to-3d": 1200,
    "image-to-video": 1800,
    "lip-sync": 1800,
    "llm": 300,
    "segmentation": 600,
    "sound-effects": 600,
    "speech-to-text": 900,
    "text-to-3d": 1200,
    "text-to-image": 300,
    "text-to-music": 600,
    "text-to-speech": 300,
    "text-to-video": 1800,
    "upscale": 900,
    "utility": 600,
    "video-edit": 1800,
    "video-upscale": 1800,
    "vision-language": 300,
}
"""By category. Replicate ends every run after 30 minutes."""


def timeout_of(fact: Fact) -> int:
    """The deadline of one run, in seconds."""
    usual = SECONDS[fact.category]
    return max(1800, usual) if output_type_of(fact) == "video" else usual
