"""The size of what will come out, as far as the params say it."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import TYPE_CHECKING, NamedTuple

from vidi.inference.models.prices.facts import is_given, number_in
from vidi.inference.models.prices.intervals import Interval, between, exactly

if TYPE_CHECKING:
    from collections.abc import Mapping

PRESETS = {
    "square_hd": (1024, 1024),
    "square": (512, 512),
    "portrait_4_3": (768, 1024),
    "portrait_16_9": (576, 1024),
    "landscape_4_3": (1024, 768),
    "landscape_16_9": (1024, 576),
}
"""fal's names of image sizes, width by height in pixels (https://fal.ai/models/fal-ai/flux/dev)."""

_BY = re.compile(r"\s*(\d+)\s*[x×*]\s*(\d+)\s*", re.IGNORECASE)
_LINES = re.compile(r"(\d{3,4})p", re.IGNORECASE)
_RATIO = re.compile(r"(\d+(?:\.\d+)?):(\d+(?:\.\d+)?)")
_SIZE_PARAMS = ("image_size", "video_size", "size", "resolution")
_ASPECT_WHY = "pixels of '{}' at {} are not published: between equal short sides and equal areas"


class Size(NamedTuple):
    """Width and height of one output in pixels, and their product."""

    width: Interval
    height: Interval
    pixels: Interval


def size_of(value: object) -> Size | None:
    """The size that one value says: a preset, `1024x768`, `1280*720`, or width and height."""
    if isinstance(value, dict):
        return _fixed(number_in(value.get("width")), number_in(value.get("height")))
    if not isinstance(value, str):
        return None
    if value in PRESETS:
        width, height = PRESETS[value]
        return _fixed(Decimal(width), Decimal(height))
    match = _BY.fullmatch(value)
    return _fixed(Decimal(match[1]), Decimal(match[2])) if match else None


def size_from(effective: Mapping[str, object], names: object) -> Size | None:
    """The size that the named params say: one that holds a size, or a width and a height."""
    if isinstance(names, str):
        return size_of(effective.get(names))
    if isinstance(names, list) and len(names) == 2:
        first, second = (number_in(effective.get(name)) for name in names)
        if first is not None and second is not None:
            return _fixed(first, second)
    if isinstance(names, list):
        return next((size for name in names if (size := size_of(effective.get(name)))), None)
    return automatic_size(effective)


def automatic_size(effective: Mapping[str, object]) -> Size | None:
    """The size from the params that usually say it; None where they do not."""
    size = _fixed(number_in(effective.get("width")), number_in(effective.get("height")))
    if size:
        return size
    for name in _SIZE_PARAMS:
        size = size_of(effective.get(name)) or _video_size(effective, name)
        if size:
            return size
    return None


def stated_megapixels(effective: Mapping[str, object]) -> Decimal | None:
    """Megapixels where a param says them outright: `megapixels: "0.25"`, `resolution: 2 MP`."""
    for name in ("megapixels", "resolution"):
        value = effective.get(name)
        if is_given(value) and (name == "megapixels" or str(value).upper().endswith("MP")):
            return number_in(value)
    return None


def _fixed(width: Decimal | None, height: Decimal | None) -> Size | None:
    if width is None or height is None:
        return None
    return Size(exactly(width), exactly(height), exactly(width * height))


def _video_size(effective: Mapping[str, object], name: str) -> Size | None:
    """`720p` is a short side of 720 pixels; the long one follows surely at 16:9 only."""
    match = _LINES.fullmatch(str(effective.get(name)))
    if not match:
        return None
    lines = Decimal(match[1])
    wide = lines * 16 / 9
    aspect = str(effective.get("aspect_ratio") or "16:9")
    ratio = _RATIO.fullmatch(aspect)
    if aspect == "16:9":
        return _fixed(wide.to_integral_value(), lines)
    if aspect == "9:16":
        return _fixed(lines, wide.to_integral_value())
    why = _ASPECT_WHY.format(effective.get(name), aspect)
    if ratio is None or not Decimal(ratio[1]) * Decimal(ratio[2]):
        any_side = between(lines, wide, why)
        return Size(any_side, any_side, between(lines * lines, lines * wide, why))
    x, y = Decimal(ratio[1]), Decimal(ratio[2])
    short_side = lines * lines * max(x, y) / min(x, y)
    area = lines * wide
    side = between(min(lines, short_side / lines), max(wide, short_side / lines), why)
    return Size(side, side, between(min(area, short_side), max(area, short_side), why))
