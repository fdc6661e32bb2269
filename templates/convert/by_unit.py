"""Prices that follow from the unit alone: quantity x published rate."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lines import line, metered, published_multipliers, published_rates, rate, row
from megapixels import quantity_of as megapixels_of
from quantity import (
    between,
    characters,
    images,
    length,
    param,
    quotient,
    reconciled,
    run_seconds,
    seconds,
    up,
)
from tokens import token_row

if TYPE_CHECKING:
    from collections.abc import Callable

    from facts import Fact
    from lines import Row
    from quantity import Expr

TEXTS = ("text", "prompt", "gen_text")
LENGTHS = ("duration", "seconds", "music_duration", "duration_seconds")
LABELS = {
    "image": "images",
    "video": "videos",
    "request": "request",
    "second": "seconds",
    "minute": "minutes",
    "megapixel": "megapixels",
    "1k_characters": "characters",
    "1k_tokens": "tokens, one a character",
    "16_frames": "frames of the input video, in blocks of 16",
    "30_frames": "frames of the input video, in blocks of 30",
}


def row_of(fact: Fact) -> Row:
    """The row of a model that needs no rule of its own."""
    pricing = fact.pricing
    unit = pricing["unit"]
    if unit == "1m_tokens" and pricing.get("price_in_usd") is not None:
        return token_row(fact)
    if unit == "compute_second":
        return _compute_row(fact)
    if unit is None or pricing["price_usd"] is None:
        return {"unpriced": fact.notes}
    more = {key: pricing[key] for key in ("minimum_usd",) if key in pricing}
    priced = line(
        _label(fact, unit),
        QUANTITIES[unit](fact),
        *published_rates(fact),
        minimum=pricing.get("minimum_units"),
        multipliers=published_multipliers(fact),
        metered_by=metered(fact, unit),
    )
    return row(priced, *_surcharges(fact), **more)


def _label(fact: Fact, unit: str) -> str:
    """What is counted, in words."""
    basis = fact.pricing.get("basis", "").removesuffix(" seconds").replace("unconfirmed", "assumed")
    told = basis and unit in ("second", "minute", "megapixel")
    return f"{LABELS[unit]} of {basis}" if told else LABELS[unit]


def _surcharges(fact: Fact) -> list[Row]:
    """Flat additions per request."""
    return [
        line(
            f"surcharge for {' and '.join(extra['when'])}",
            1,
            rate("request", extra["add_usd"]),
            when=extra["when"],
        )
        for extra in fact.pricing.get("surcharges", ())
    ]


def _compute_row(fact: Fact) -> Row:
    """Time on a GPU: known only after the run; without a rate nobody knows the price."""
    usd = fact.pricing["price_usd"]
    if usd is None:
        return {"unpriced": fact.notes}
    typical = fact.pricing.get("typical_run_usd")
    why = "computing time is known only after the run"
    if typical is not None:
        why += f"; a typical run costs about {typical} USD"
    name = "predict_time" if fact.provider == "replicate" else None
    quantity = run_seconds(fact, why)
    return row(line("computing", quantity, rate("compute_second", usd), metered_by=name))


def seconds_of(fact: Fact) -> Expr:
    """The seconds that are billed: of the param that asks for them, else of the input file."""
    audio, video = fact.files("audio"), fact.files("video")
    if fact.category == "lip-sync" and audio and video:
        return reconciled(audio[0], video[0])
    if name := fact.first_of(*LENGTHS):
        return seconds(name)
    if "music_length_ms" in fact.params:
        return quotient(param("music_length_ms"), 1000)
    if fact.category == "avatar" and audio:
        return length(audio[0])
    if "source_audio_url" in fact.params:
        return length("source_audio_url")
    inputs = video[:1] if fact.category in ("video-edit", "video-upscale") else audio + video
    if not inputs:
        message = f"{fact.id}: nothing says how many seconds are billed"
        raise ValueError(message)
    return length(*inputs, required=any(fact.params[name]["required"] for name in inputs))


def _per_request(fact: Fact) -> Expr:
    """A request, or each of its images: where both are possible, the page does not say which."""
    count = images(fact)
    if count == 1 or fact.data["output_type"] != "image":
        return 1
    return between(1, count, "the page does not say whether each image counts as a request")


def _seconds_in_blocks(fact: Fact) -> Expr:
    """Seconds, rounded up as the catalogue says."""
    rounding = fact.pricing.get("rounding", "")
    quantity = seconds_of(fact)
    blocks = {"ceil to 5 s block": 5, "ceil to 10 s block": 10, "ceil to whole second": 1}
    return up(quantity, blocks[rounding]) if rounding in blocks else quantity


def _frames(block: int) -> Callable[[Fact], Expr]:
    return lambda fact: up({"frames": fact.files("video")[0]}, block)


QUANTITIES: dict[str, Callable[[Fact], Expr]] = {
    "image": images,
    "video": lambda _: 1,
    "request": _per_request,
    "second": _seconds_in_blocks,
    "minute": _seconds_in_blocks,
    "megapixel": megapixels_of,
    "1k_characters": lambda fact: characters(fact.first_of(*TEXTS) or ""),
    "1k_tokens": lambda _: characters("text"),
    "16_frames": _frames(16),
    "30_frames": _frames(30),
}
"""The quantity of each unit of the catalogue."""
