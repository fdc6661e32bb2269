"""fal's base price of an endpoint as a price row, where its unit says what is counted.

The pricing API gives one price an endpoint; tiers and surcharges stand on the page alone. A row is
made only where nothing among the inputs looks like a tier: an unknown price refuses, a price that
is too low would break a budget.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any, NamedTuple

from vidi.inference.models.template import OutputType

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from vidi.inference.models.discovery.discovery import BasePrice, Discovery

    Row = dict[str, Any]
    Quantity = Any

COUNTS = ("num_images", "num_outputs", "num_videos", "num_samples", "n", "max_images")
TIERS = (
    "resolution", "target_resolution", "quality", "generate_audio", "rendering_speed", "mode",
    "style", "turbo_mode", "upscale_factor", "enable_web_search", "num_frames_multiplier",
)  # fmt: skip
"""Inputs that pages are known to price by (catalogue of 2026-11: 143 of 700 models)."""

LENGTHS = ("duration", "seconds", "duration_seconds", "seconds_total", "music_duration")
TEXTS = ("text", "prompt", "gen_text")
SIZES = ("image_size", "video_size")


class Unit(NamedTuple):
    """One of fal's units: our key, how much one is, and what is counted."""

    key: str
    size: int
    quantity: Callable[[Mapping[str, Any], Discovery], Quantity | None]


def price_row_of(found: Discovery, today: str) -> Row:
    """The row that the base price makes, or one that says why it makes none."""
    price = found.price
    if price is None:
        reason = f"fal's pricing API names no price; {_what_to_do(found)}"
        return _row(found.page, today, {"unpriced": reason})
    told = f"fal's pricing API says {price}"
    unit = UNITS.get(price.unit.strip().lower())
    quantity = unit.quantity(found.params["properties"], found) if unit else None
    if unit is None or quantity is None:
        reason = f"{told}, and not how many of them a run has; {_what_to_do(found)}"
        return _row(price.source, today, {"unpriced": reason})
    if tiers := [name for name in TIERS if name in found.params["properties"]]:
        reason = f"{told}, which may depend on {' and '.join(tiers)}; {_what_to_do(found)}"
        return _row(price.source, today, {"unpriced": reason})
    if not price.usd:
        reason = f"{told}, which is no price; {_what_to_do(found)}"
        return _row(price.source, today, {"unpriced": reason})
    line = {"label": price.unit, "quantity": quantity, "rates": [{unit.key: price.usd}]}
    return _row(price.source, today, {"lines": [line]})


def unknown_row(page: str, today: str) -> Row:
    """The row of a model on Replicate, whose API knows no prices."""
    reason = "Replicate's API names no prices; read the model's page and write a price row"
    return _row(page, today, {"unpriced": reason})


def size_of_unit(unit: str) -> int:
    """How much one unit is: 60 seconds in a minute, 1000 characters in `1000 characters`."""
    known = UNITS.get(unit.strip().lower())
    return known.size if known else 1


def remember_price(price: BasePrice, today: str) -> str:
    """The note by which a later look notices another base price."""
    return f"fal's pricing API on {today}: {price}."


def _row(source: str, today: str, rest: Row) -> Row:
    return {"from": today, "source": source, "checked": today, "confidence": "low", **rest}


def _what_to_do(found: Discovery) -> str:
    return f"read {found.page} and write a price row"


def _count_of(params: Mapping[str, Any]) -> Quantity:
    name = next((name for name in COUNTS if name in params), None)
    return {"param": name, "else": 1} if name else 1


def _images(params: Mapping[str, Any], found: Discovery) -> Quantity | None:
    return _count_of(params) if found.output_type is OutputType.IMAGE else None


def _one(params: Mapping[str, Any], _: Discovery) -> Quantity:
    """One request, or each of what it makes: fal does not say which."""
    count = _count_of(params)
    if count == 1:
        return 1
    why = "fal does not say whether each output counts as one"
    return {"range": [1, count], "why": why}


def _each(params: Mapping[str, Any], _: Discovery) -> Quantity:
    return _count_of(params)


def _megapixels(params: Mapping[str, Any], found: Discovery) -> Quantity | None:
    if found.output_type is not OutputType.IMAGE:
        return None
    size: Any = next((name for name in SIZES if name in params), None)
    if size is None and {"width", "height"} <= set(params):
        size = ["width", "height"]
    if size is None or any("x-file" in str(schema) for schema in params.values()):
        return None  # the size follows an input image, or input images count, too
    each = {"output_megapixels": size, "each": "up"}
    count = _count_of(params)
    return each if count == 1 else {"product": [count, each]}


def _seconds(params: Mapping[str, Any], _: Discovery) -> Quantity | None:
    name = next((name for name in LENGTHS if name in params), None)
    return {"seconds": name} if name else None


def _blocks(size: int) -> Callable[[Mapping[str, Any], Discovery], Quantity | None]:
    def quantity(params: Mapping[str, Any], found: Discovery) -> Quantity | None:
        seconds = _seconds(params, found)
        return {"up": seconds, "to": size} if seconds else None

    return quantity


def _input_seconds(params: Mapping[str, Any], _: Discovery) -> Quantity | None:
    names = [name for name, each in params.items() if each.get("x-file") in {"audio", "video"}]
    return {"length": names[0]} if len(names) == 1 else None


def _characters(params: Mapping[str, Any], _: Discovery) -> Quantity | None:
    name = next((name for name in TEXTS if name in params), None)
    return {"characters": name} if name else None


def _frames(params: Mapping[str, Any], _: Discovery) -> Quantity | None:
    return {"param": "num_frames"} if "num_frames" in params else None


UNITS: Mapping[str, Unit] = {
    "images": Unit("usd_per_image", 1, _images),
    "image": Unit("usd_per_image", 1, _images),
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
    "1000 tokens": Unit("usd_per_1k_tokens", 1000, lambda *_: None),
    "1m tokens": Unit("usd_per_1m_tokens", 1_000_000, lambda *_: None),
}
"""fal's units (all that 1,107 endpoints had on 2026-05-17 and that say what is counted)."""


def known_prices(pricing: Mapping[str, Any]) -> set[Decimal]:
    """Every price of the rows, for one of what is counted: USD a second, not a minute."""
    from vidi.inference.models.rates import UNITS as SIZES_OF_RATES

    found = set()
    for part in _objects(pricing.get("rows", ())):
        for key, usd in part.items():
            if key in SIZES_OF_RATES:
                found.add(Decimal(usd) / SIZES_OF_RATES[key])
    return found


def _objects(value: Any) -> list[Mapping[str, Any]]:
    if isinstance(value, dict):
        return [value, *(each for inner in value.values() for each in _objects(inner))]
    if isinstance(value, list | tuple):
        return [each for inner in value for each in _objects(inner)]
    return []
