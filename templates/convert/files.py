"""Which kind of file an input takes."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from facts import Fact

KINDS = (
    ("file", ("lora", "embedding", "model_url", "model_download")),
    ("video", ("video", "clip")),
    ("audio", ("audio", "voice", "speaker", "song", "instrumental")),
    ("image", ("image", "frame", "mask", "face", "img", "style", "subject", "character")),
)
"""The words in a name that tell, the first that fits."""

BY_CATEGORY = {
    "audio-processing": "audio",
    "speech-to-text": "audio",
    "text-to-music": "audio",
    "text-to-speech": "audio",
    "video-edit": "video",
    "video-upscale": "video",
}
"""What a name without such a word means; elsewhere it is an image."""

DOCUMENTS = ("replicate/datalab-to/marker", "replicate/datalab-to/ocr")
"""Models that read PDF and office files."""

UNMARKED = {"fal/fal-ai/fashn/tryon/v1.6": ("garment_image", "model_image")}
"""Inputs that are files, although the catalogue has them as plain text."""


KIND_OF = {("replicate/chenxwh/video-retalking", "face"): "video"}
"""Inputs whose name misleads."""


def takes_file(fact: Fact, name: str) -> bool:
    """Whether the input is a file, or a list of files."""
    param = fact.params[name]
    marked = param["is_file"] or param.get("items") == "file"
    return bool(marked) or name in UNMARKED.get(fact.id, ())


def kind_of(fact: Fact, name: str) -> str:
    """`image`, `video`, `audio` or `file`."""
    if fact.id in DOCUMENTS:
        return "file"
    if (fact.id, name) in KIND_OF:
        return KIND_OF[fact.id, name]
    for kind, words in KINDS:
        if any(word in name for word in words):
            return kind
    return BY_CATEGORY.get(fact.category, "image")
