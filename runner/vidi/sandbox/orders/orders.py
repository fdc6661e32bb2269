"""What the params of an inference ask for, as orders for media."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from vidi.inference.models.template import OutputType
from vidi.sandbox.media.order import CONTENT_TYPES, Kind, MediaOrder
from vidi.sandbox.orders.sizes import image_size, video_size

if TYPE_CHECKING:
    from collections.abc import Mapping

    from vidi.inference.models.template import ModelInfo

COUNTS = ("num_outputs", "num_images", "number_of_images", "num_results", "num_samples", "n")
"""The params that say how many outputs to make."""

_WORDS = (
    "prompt", "text", "input", "gen_text", "lyrics", "lyrics_prompt", "script", "query", "messages",
)  # fmt: skip
_LENGTHS = {
    "duration": 1.0, "duration_seconds": 1.0, "seconds": 1.0, "seconds_total": 1.0,
    "music_duration": 1.0, "music_length_ms": 0.001, "max_audio_length_ms": 0.001,
}  # fmt: skip
"""The params that say how long the output is, and their unit in seconds."""
_FRAMES = ("num_frames", "video_length", "length")
"""The params that say how many frames a video has; below nine they mean something else."""
_FEWEST_FRAMES = 9
_RATES = ("fps", "frames_per_second", "frame_rate", "target_fps", "export_fps")
_FORMATS = (
    "output_format", "audio_format", "format", "response_format", "video_output_type",
    "geometry_file_format",
)  # fmt: skip
_SOUNDS = ("generate_audio", "enable_audio", "with_audio", "generate_audio_switch")
_SAMPLE_RATES = ("sample_rate", "sampling_rate", "sample_rate_hertz")
_ALIASES = {"jpeg": "jpg", "ogg_opus": "ogg", "vp9": "webm", "prores4444": "mov", "x264": "mp4"}
_OF_KIND: Mapping[Kind, tuple[str, ...]] = {
    "image": ("png", "jpg", "webp", "gif", "svg"),
    "video": ("mp4", "mov", "webm", "gif"),
    "audio": ("mp3", "wav", "flac", "ogg", "opus", "aac", "m4a", "pcm", "ulaw", "alaw"),
    "3d": ("glb", "obj", "ply"),
    "text": ("txt", "srt"),
    "file": ("safetensors",),
}
"""The formats of each kind; the first is made where nobody asked for one."""
_SPEECH_PACE = 15
"""Characters that are spoken in a second."""
_FIELD_KINDS: Mapping[str, tuple[Kind, str]] = {
    "video": ("video", ""), "ply": ("3d", "ply"), "gaussian": ("3d", "ply"), "mesh": ("3d", ""),
    "model_file": ("3d", ""), "srt": ("text", "srt"), "txt": ("text", "txt"),
    "spectrogram": ("image", ""), "image": ("image", ""), "mask": ("image", "png"),
    "wav": ("audio", "wav"), "audio": ("audio", ""),
}  # fmt: skip
"""What a field of an answer holds, by a part of its name; else what the model makes."""


def output_count(effective: Mapping[str, object]) -> int:
    """How many outputs the params ask for."""
    counts = [count for name in COUNTS if isinstance(count := effective.get(name), int)]
    if effective.get("sequential_image_generation") == "auto":
        counts.insert(0, int(_positive(effective.get("max_images"))))
    return max(1, counts[0]) if counts else 1


def order_media(model: ModelInfo, effective: Mapping[str, object], field: str = "") -> MediaOrder:
    """What one output file of this inference shall be.

    Args:
        model: The model that makes it.
        effective: The input with the template's defaults.
        field: The name of the field that holds it in the answer.
    """
    kind, wanted = _kind_of(model, field)
    words = words_of(effective)
    order = MediaOrder(
        kind, wanted or _format_of(model, kind, effective), words, _seed(model, effective, field)
    )
    match kind:
        case "image":
            width, height = image_size(effective)
            return replace(order, width=width, height=height)
        case "video":
            return _order_video(order, model, effective)
        case "audio":
            length = _length(effective) or _spoken(model, words)
            return replace(order, duration_s=length, rate=_sample_rate(effective))
        case _:
            return order


def asks_length(effective: Mapping[str, object]) -> bool:
    """Whether the params say how long the output is."""
    return bool(_length(effective) or _frame_count(effective))


def words_of(effective: Mapping[str, object]) -> str:
    """The prompt, or whatever this model calls it."""
    found = (effective[name] for name in _WORDS if effective.get(name))
    return str(next(found, ""))


def _order_video(
    order: MediaOrder, model: ModelInfo, effective: Mapping[str, object]
) -> MediaOrder:
    width, height = video_size(effective)
    fps = next((rate for name in _RATES if (rate := _positive(effective.get(name)))), 0.0)
    frames = _frame_count(effective)
    length = frames / (fps or 24) if frames else (_length(effective) or 5.0)
    asked = [effective[name] for name in _SOUNDS if name in effective]
    sound = bool(asked[0]) if asked else "audio" in model.output
    return replace(
        order, width=width, height=height, duration_s=length, fps=fps, frames=frames, sound=sound
    )  # fmt: skip


def _frame_count(effective: Mapping[str, object]) -> int:
    counts = (int(_positive(effective.get(name))) for name in _FRAMES)
    return next((count for count in counts if count >= _FEWEST_FRAMES), 0)


def _kind_of(model: ModelInfo, field: str) -> tuple[Kind, str]:
    for part, kind in _FIELD_KINDS.items():
        if part in field:
            return kind
    match model.output_type:
        case OutputType.JSON | OutputType.TEXT:
            return "text", ""
        case OutputType.THREE_D:
            return "3d", ""
        case OutputType.IMAGE:
            return "image", ""
        case OutputType.VIDEO:
            return "video", ""
        case OutputType.AUDIO:
            return "audio", ""
        case OutputType.FILE:
            return "file", ""


def _format_of(model: ModelInfo, kind: Kind, effective: Mapping[str, object]) -> str:
    known = _OF_KIND[kind]
    for name in _FORMATS:
        # such as jpeg, mp3_44100_128, "VP9 (.webm)"
        for word in re.findall(r"[a-z0-9]+", str(effective.get(name, "")).lower()):
            alias: str = _ALIASES.get(word, word)
            if alias in known:
                return alias
    if kind == "image" and {"svg", "vectorize"} & set(re.findall(r"[a-z]+", model.id)):
        return "svg"
    return known[0]


def _seed(model: ModelInfo, effective: Mapping[str, object], field: str) -> str:
    return repr((model.id, field, sorted(effective.items(), key=lambda item: item[0])))


def _length(effective: Mapping[str, object]) -> float:
    """In seconds; 0 where the params do not say."""
    lengths = (unit * _positive(effective.get(name)) for name, unit in _LENGTHS.items())
    return next((length for length in lengths if length), 0.0)


def _spoken(model: ModelInfo, words: str) -> float:
    if "speech" in model.category or "tts" in model.id:
        return max(0.5, round(len(words) / _SPEECH_PACE, 1))
    return 10.0 if "music" in model.category else 5.0


def _sample_rate(effective: Mapping[str, object]) -> int:
    for name in _SAMPLE_RATES:
        if rate := int(_positive(effective.get(name))):
            return max(8000, min(rate, 48000))
    match = re.search(r"_(\d{4,5})\b", str(effective.get("output_format", "")).replace("_", " _"))
    return max(8000, min(int(match[1]), 48000)) if match else 24000


def _positive(value: object) -> float:
    """The number in `8`, `"8"` or `"8s"`; 0 where there is none above 0."""
    match = re.match(r"\d+(?:\.\d+)?", str(value)) if not isinstance(value, bool) else None
    return float(match[0]) if match else 0.0


assert {each for formats in _OF_KIND.values() for each in formats} <= CONTENT_TYPES.keys()  # noqa: S101  two tables that belong together
