"""What a first job file makes of each kind: a cheap model, and something to ask it for."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of asset."""

    model: str
    text_param: str
    """The param that says what to make."""
    params: str
    """Further ones, as a line of YAML has them; empty for none."""
    name: str
    example: str


KINDS = {
    "image": Kind(
        "replicate/black-forest-labs/flux-schnell",
        "prompt",
        "aspect_ratio: 16:9",
        "lighthouse",
        "a lighthouse on a rocky coast at dusk",
    ),
    "video": Kind(
        "fal/fal-ai/ltx-video",
        "prompt",
        "",
        "waves",
        "slow waves on a rocky coast at dusk, seen from a cliff",
    ),
    "speech": Kind(
        "fal/fal-ai/kokoro/american-english",
        "prompt",
        "voice: af_heart",
        "welcome",
        "Welcome. This sentence was read by a machine.",
    ),
    "music": Kind(
        "fal/cassetteai/music-generator",
        "prompt",
        "duration: 30",
        "theme",
        "calm piano with soft strings, slow, hopeful",
    ),
}
