"""How large a picture or a frame was asked to be, in pixels."""

from __future__ import annotations

import re
from math import sqrt
from typing import TYPE_CHECKING

from vidi.inference.models.prices.quantities.output_size import PRESETS

if TYPE_CHECKING:
    from collections.abc import Mapping


Size = tuple[int, int]
"""Width and height, in pixels."""

_LONGEST = 8192
"""No side is longer, whatever was asked for."""
_SIZE_PARAMS = ("image_size", "video_size", "size", "resolution", "aspect_ratio", "target_size")
_RATIO_PARAMS = ("aspect_ratio", "ratio", "orientation")
_QUALITY_PARAMS = ("resolution", "target_resolution", "size", "image_size", "quality")
_WORDS = {"landscape": 16 / 9, "portrait": 9 / 16, "square": 1.0}
_LINES = {"4k": 2160, "uhd": 2160, "2k": 1440, "1k": 720}


def image_size(effective: Mapping[str, object]) -> Size:
    """The size of an image: 1024 x 1024 where the params say nothing."""
    return _exact(effective) or _from_area(
        _area(effective) or 1024 * 1024, _ratio(effective) or 1.0
    )


def video_size(effective: Mapping[str, object]) -> Size:
    """The size of a video: 1280 x 720 where the params say nothing."""
    return _exact(effective) or _from_lines(_lines(effective) or 720, _ratio(effective) or 16 / 9)


def asks_size(effective: Mapping[str, object]) -> bool:
    """Whether the params say both sides."""
    return _exact(effective) is not None


def asks_ratio(effective: Mapping[str, object]) -> bool:
    """Whether the params say the shape."""
    return _ratio(effective) is not None


def asks_area(effective: Mapping[str, object]) -> bool:
    """Whether the params say how much there is to see, without its shape."""
    return bool(_area(effective) or _lines(effective))


def _exact(effective: Mapping[str, object]) -> Size | None:
    sides = effective.get("width"), effective.get("height")
    named = [effective.get(name) for name in _SIZE_PARAMS]
    known = (_read_size(value) for value in ({"width": sides[0], "height": sides[1]}, *named))
    size = next((size for size in known if size), None)
    return (_bounded(size[0]), _bounded(size[1])) if size else None


def _read_size(value: object) -> Size | None:
    """Read `{"width": 640, "height": 480}`, a preset, `640x480` or `640*480`."""
    if isinstance(value, dict):
        width, height = value.get("width"), value.get("height")
        if isinstance(width, int) and isinstance(height, int) and width > 0 and height > 0:
            return width, height
        return None
    if not isinstance(value, str):
        return None
    match = re.match(r"(\d{2,5})\s*[x*×]\s*(\d{2,5})", value)
    return (int(match[1]), int(match[2])) if match else PRESETS.get(value)


def _ratio(effective: Mapping[str, object]) -> float | None:
    for name in _RATIO_PARAMS:
        value = str(effective.get(name, "")).lower()
        match = re.match(r"(\d+(?:\.\d+)?)\s*[:/]\s*(\d+(?:\.\d+)?)", value)
        if match and float(match[1]) and float(match[2]):
            return float(match[1]) / float(match[2])
        if value in _WORDS:
            return _WORDS[value]
    return None


def _area(effective: Mapping[str, object]) -> float | None:
    """In pixels: of `megapixels: "0.25"`, `resolution: "2K"`, `resolution: "1 MP"`."""
    million = _number(effective.get("megapixels"))
    if million:
        return million * 1024 * 1024
    for name in _QUALITY_PARAMS:
        match = re.match(r"(\d+(?:\.\d+)?) ?(k|mp)\b", str(effective.get(name, "")).lower())
        if match and match[2] == "k":
            return (float(match[1]) * 1024) ** 2
        if match:
            return float(match[1]) * 1024 * 1024
    return None


def _lines(effective: Mapping[str, object]) -> int | None:
    """The shorter side of a frame: of `resolution: "1080p"`, `resolution: "4k"`."""
    for name in _QUALITY_PARAMS:
        value = str(effective.get(name, "")).lower()
        match = re.match(r"(\d{3,4})p?\b", value)
        if match:
            return int(match[1])
        if value in _LINES:
            return _LINES[value]
    return None


def _from_area(area: float, ratio: float) -> Size:
    return _bounded(_to_eight(sqrt(area * ratio))), _bounded(_to_eight(sqrt(area / ratio)))


def _from_lines(lines: int, ratio: float) -> Size:
    longer = _bounded(round(lines * max(ratio, 1 / ratio) / 2) * 2)
    return (longer, lines) if ratio >= 1 else (lines, longer)


def _to_eight(pixels: float) -> int:
    return round(pixels / 8) * 8


def _bounded(pixels: int) -> int:
    return max(8, min(pixels, _LONGEST))


def _number(value: object) -> float | None:
    match = re.match(r"\d+(?:\.\d+)?", str(value))
    return float(match[0]) if match else None
