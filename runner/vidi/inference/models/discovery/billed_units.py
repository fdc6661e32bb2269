"""fal's billing units: which of ours each one is, and how many of them a run has."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Protocol

from vidi.inference.models.template import OutputType

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from vidi.inference.models.param_schema import ParamSchema
    from vidi.inference.models.price_rules import Expr, Form

    Params = Mapping[str, ParamSchema]

COUNTS = ("num_images", "num_outputs", "num_videos", "num_samples", "n", "max_images")
LENGTHS = ("duration", "seconds", "duration_seconds", "seconds_total", "music_duration")
TEXTS = ("text", "prompt", "gen_text")
SIZES = ("image_size", "video_size")


class Made(Protocol):
    """A model, as far as its units depend on it."""

    @property
    def output_type(self) -> OutputType:
        """What it makes."""


class Unit(NamedTuple):
    """One of fal's units."""

    key: str
    """The price key of templates."""
    size: int
    """How much of what is counted one unit is: 60 seconds in a minute."""
    quantity: Callable[[Params, Made], Expr | None]
    """The EXPR of how many a run has; None where the inputs do not tell."""


def find_unit(name: str) -> Unit | None:
    """The unit of that name; None for those that do not say what is counted."""
    return UNITS.get(name.strip().lower())


def _count_of(params: Params) -> Expr:
    name = next((name for name in COUNTS if name in params), None)
    return {"param": name, "else": 1} if name else 1


def _images(params: Params, found: Made) -> Expr | None:
    return _count_of(params) if found.output_type is OutputType.IMAGE else None


def _each(params: Params, _: Made) -> Expr:
    return _count_of(params)


def _one(params: Params, _: Made) -> Expr:
    count = _count_of(params)
    if count == 1:
        return 1
    return {"range": [1, count], "why": "fal does not say whether each output counts as one"}


def _megapixels(params: Params, found: Made) -> Expr | None:
    """Of the outputs. None where the size follows an input image, or input images count, too."""
    size: str | list[str] | None = next((name for name in SIZES if name in params), None)
    if size is None and {"width", "height"} <= set(params):
        size = ["width", "height"]
    takes_files = any("x-file" in str(schema) for schema in params.values())
    if size is None or takes_files or found.output_type is not OutputType.IMAGE:
        return None
    each: Form = {"output_megapixels": size, "each": "up"}
    count = _count_of(params)
    return each if count == 1 else {"product": [count, each]}


def _seconds(params: Params, _: Made) -> Expr | None:
    name = next((name for name in LENGTHS if name in params), None)
    return {"seconds": name} if name else None


def _blocks(size: int) -> Callable[[Params, Made], Expr | None]:
    def quantity(params: Params, found: Made) -> Expr | None:
        seconds = _seconds(params, found)
        return {"up": seconds, "to": size} if seconds else None

    return quantity


def _input_seconds(params: Params, _: Made) -> Expr | None:
    names = [name for name, each in params.items() if each.get("x-file") in {"audio", "video"}]
    return {"length": names[0]} if len(names) == 1 else None


def _characters(params: Params, _: Made) -> Expr | None:
    name = next((name for name in TEXTS if name in params), None)
    return {"characters": name} if name else None


def _frames(params: Params, _: Made) -> Expr | None:
    return {"up": {"param": "num_frames"}, "to": 16} if "num_frames" in params else None


def _unknown(_: Params, __: Made) -> None:
    """Known only after the run."""


UNITS: Mapping[str, Unit] = {
    "images": Unit("usd_per_image", 1, _images),
    "videos": Unit("usd_per_video", 1, _each),
    "audios": Unit("usd_per_audio", 1, _each),
    "requests": Unit("usd_per_request", 1, _one),
    "generations": Unit("usd_per_request", 1, _one),
    "megapixels": Unit("usd_per_megapixel", 1, _megapixels),
    "seconds": Unit("usd_per_second", 1, _seconds),
    "input seconds": Unit("usd_per_second", 1, _input_seconds),
    "minutes": Unit("usd_per_minute", 60, _seconds),
    "5 seconds": Unit("usd_per_5_seconds", 5, _blocks(5)),
    "10 seconds": Unit("usd_per_10_seconds", 10, _blocks(10)),
    "30 seconds": Unit("usd_per_30_seconds", 30, _blocks(30)),
    "16 frames": Unit("usd_per_16_frames", 16, _frames),
    "1000 characters": Unit("usd_per_1k_characters", 1000, _characters),
    "compute seconds": Unit("usd_per_compute_second", 1, _unknown),
    "1000 tokens": Unit("usd_per_1k_tokens", 1000, _unknown),
    "1m tokens": Unit("usd_per_1m_tokens", 1_000_000, _unknown),
}
"""By fal's name. 1,107 endpoints had 29 units on 2026-05-17; `units`, `credits`, `steps`, `video
segments` and the like are left out: nothing says how many of them a run has."""
