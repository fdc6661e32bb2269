"""What a model makes, guessed from what its documents let see."""

from __future__ import annotations

import re
from pathlib import PurePosixPath
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from vidi.inference.models.template import OutputType

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from vidi.inference.models.param_schema import ParamSchema
    from vidi.json_values import JsonMapping

EXTENSIONS = {
    OutputType.IMAGE: ("png", "jpg", "jpeg", "webp", "avif", "svg", "gif", "bmp", "tiff"),
    OutputType.VIDEO: ("mp4", "webm", "mov", "mkv"),
    OutputType.AUDIO: ("mp3", "wav", "flac", "ogg", "opus", "m4a", "aac", "pcm"),
    OutputType.TEXT: ("txt", "srt", "vtt", "md"),
    OutputType.THREE_D: ("glb", "gltf", "obj", "ply", "fbx", "stl", "usdz"),
}

_WORDS = (
    (OutputType.THREE_D, re.compile(r"\b3d\b|\bmesh(es)?\b|\bglb\b|point cloud|gaussian")),
    (OutputType.VIDEO, re.compile(r"\bvideos?\b|\banimat|lip.?sync|\bclips?\b")),
    (
        OutputType.AUDIO,
        re.compile(r"\baudio\b|\bspeech\b|\bvoices?\b|\bmusic\b|\bsongs?\b|\bsounds?\b|\btts\b"),
    ),
    (OutputType.IMAGE, re.compile(r"\bimages?\b|\bphotos?\b|\bpictures?\b")),
)
_ASIDE = re.compile(r"\b\w+[- ](driven|synced|powered|based|aware)\b")
_FIELDS = (
    (OutputType.THREE_D, ("mesh", "glb", "obj", "model_", "gaussian")),
    (OutputType.VIDEO, ("video", "clip")),
    (OutputType.AUDIO, ("audio", "vocals", "song", "music", "wav", "speech")),
    (OutputType.IMAGE, ("image", "mask", "photo", "thumbnail", "sprite")),
)
_ASIDE_FIELDS = ("timings", "metrics", "usage", "logs", "debug")
"""Structured fields of an answer that are about the run, not what was made."""
_MOVING = {"fps", "num_frames", "duration", "frames_per_second", "frame_rate"}

USUAL_TIMEOUTS = {
    OutputType.IMAGE: 300,
    OutputType.VIDEO: 1800,
    OutputType.AUDIO: 600,
    OutputType.TEXT: 300,
    OutputType.JSON: 300,
    OutputType.THREE_D: 1200,
    OutputType.FILE: 7200,
}
"""Seconds from submit to result. Replicate ends every run after 30 minutes."""


def kind_of_field(name: str) -> OutputType | None:
    """What the name of an output field tells."""
    low = name.lower()
    return next((kind for kind, words in _FIELDS if any(word in low for word in words)), None)


def is_data(name: str, schema: JsonMapping) -> bool:
    """Whether a field beside the files holds data worth keeping, such as `detections`."""
    items = schema.get("items")
    shape = items if schema.get("type") == "array" and isinstance(items, dict) else schema
    has_fields = shape.get("type") == "object" or "properties" in shape
    return has_fields and name not in _ASIDE_FIELDS


def kind_of_address(url: object) -> OutputType | None:
    """What the file name at the end of a URL tells."""
    if not isinstance(url, str):
        return None
    try:
        suffix = PurePosixPath(urlsplit(url).path).suffix.lstrip(".").lower()
    except ValueError:
        return None
    return _by_extension([suffix])


def guess_kind(params: Mapping[str, ParamSchema], *texts: str) -> OutputType:
    """What a model makes whose schema says only that it is a file.

    By the formats that it offers, then by what is written about it, then by its inputs. Where none
    of them tells it is any `file`: a wrong guess would refuse what was paid for.
    """
    for name, schema in params.items():
        if "format" in name and (kind := _by_extension(schema.get("enum", ()))):
            return kind
    for text in texts:
        if kind := _by_words(text.lower()):
            return kind
    return OutputType.VIDEO if _MOVING & set(params) else OutputType.FILE


def _by_extension(suffixes: Iterable[object]) -> OutputType | None:
    given = {str(suffix).lower() for suffix in suffixes}
    return next((kind for kind, known in EXTENSIONS.items() if given & set(known)), None)


def _by_words(text: str) -> OutputType | None:
    """The kind that is named first, or after `to`: an image-to-video model makes videos."""
    text = _ASIDE.sub("", text)
    found = [(match.start(), kind) for kind, words in _WORDS for match in words.finditer(text)]
    after_to = re.search(r"\bto[- ](3d|video|image|audio|speech|music)\b", text)
    if after_to:
        return _by_words(after_to[1])
    return min(found)[1] if found else None


def category_of(made: OutputType, params: Mapping[str, ParamSchema]) -> str:
    """The category of a model whose provider names none, from what it takes and makes."""
    taken = {kind for schema in params.values() for kind in _files_of(schema)}
    required = _taken_first(taken)
    table = {
        OutputType.IMAGE: {"image": "image-edit", "": "text-to-image"},
        OutputType.VIDEO: {"video": "video-edit", "image": "image-to-video", "": "text-to-video"},
        OutputType.AUDIO: {"": "text-to-speech" if "text" in params else "text-to-music"},
        OutputType.TEXT: {"image": "vision-language", "audio": "speech-to-text", "": "llm"},
        OutputType.THREE_D: {"image": "image-to-3d", "": "text-to-3d"},
        OutputType.JSON: {"": "utility"},
        OutputType.FILE: {"": "utility"},
    }[made]
    return table.get(required, table[""])


def _taken_first(taken: set[str]) -> str:
    return next((kind for kind in ("video", "audio", "image") if kind in taken), "")


def _files_of(schema: ParamSchema) -> list[str]:
    return [each for each in (schema.get("x-file"), schema.get("items", {}).get("x-file")) if each]
