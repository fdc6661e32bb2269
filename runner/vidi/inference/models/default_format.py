"""The file type that a model makes where nobody asks for another, as its params say it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from vidi.inference.models.template import ModelInfo

FORMAT_PARAMS = (
    "output_format", "audio_format", "format", "response_format", "video_output_type",
    "geometry_file_format",
)  # fmt: skip
"""The params that name a file type, the likeliest first."""
_GROUPS = ("audio_setting",)
"""Mappings in which some models keep them."""
_EXTENSIONS = {
    "image": ("png", "jpg", "webp", "gif", "svg", "avif"),
    "video": ("mp4", "mov", "webm", "gif"),
    "audio": ("mp3", "wav", "flac", "ogg", "opus", "aac", "m4a"),
    "3d": ("glb", "obj", "ply", "usdz", "fbx", "stl"),
}
_ALIASES = {"jpeg": "jpg", "vp9": "webm", "prores4444": "mov", "x264": "mp4"}
_ALWAYS = {"video": "mp4", "text": "txt", "json": "json", "3d": "glb"}
"""What models make whose params name no type; of images and sounds nobody knows."""


def default_extension(model: ModelInfo, effective: Mapping[str, object]) -> str:
    """The extension of what a model makes with these params, such as `webp`.

    Args:
        model: The model.
        effective: Its params with the defaults of its schema.

    Returns:
        Without a dot; empty where the params do not say it: then a path without an extension
        gets the one of what really came.
    """
    kind = str(model.output_type)
    groups = (effective.get(name) for name in _GROUPS)
    for params in (effective, *(each for each in groups if isinstance(each, dict))):
        for name in FORMAT_PARAMS:
            # such as jpeg, mp3_44100_128, "VP9 (.webm)"
            for word in re.findall(r"[a-z0-9]+", str(params.get(name) or "").lower()):
                extension: str = _ALIASES.get(word, word)
                if extension in _EXTENSIONS.get(kind, ()):
                    return extension
    return _ALWAYS.get(kind, "")
