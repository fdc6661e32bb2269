"""Price rules of video models that are billed per clip, one by one."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from by_unit import row_of
from lines import line, metered, published_multipliers, published_rates, rate, row, tier_rates
from prices_of_images import exact_tiers
from quantity import between, param, quotient, seconds, up

if TYPE_CHECKING:
    from collections.abc import Callable

    from facts import Fact
    from lines import Line, Row


DEARER = "the price of a higher resolution was not read here; at Luma it is up to four times"


def luma_blocks(fact: Fact) -> Row:
    """A price for every started 5 s; what higher resolutions cost on fal was not read."""
    dearer = [
        {"when": {"resolution": name}, "by": between(1, most, DEARER)}
        for name, most in (("720p", 2), ("1080p", 4))
    ]
    blocks = up(quotient(seconds("duration"), 5))
    return row(line("blocks of 5 s", blocks, *published_rates(fact), multipliers=dearer))


def pixverse(fact: Fact) -> Row:
    """(base + additions) x a factor for the length."""
    factors = published_multipliers(fact)
    lines = [line("video", 1, *published_rates(fact), multipliers=factors)]
    for extra in fact.pricing["surcharges"]:
        added = rate("video", extra["add_usd"])
        lines.append(
            line("sound or several clips", 1, added, when=extra["when"], multipliers=factors)
        )
    return row(*(_switches_off(one) for one in lines))


def _switches_off(one: Line) -> Line:
    """Switches without a default are off: `false` in a condition also means "not given"."""
    when = one.get("when", {})
    unset = {name for name, value in when.items() if value is False}
    if not unset:
        return one
    kept = {name: value for name, value in when.items() if name not in unset}
    off = [{name: True} for name in sorted(unset)]
    return one | {"when": kept | {"@not": off[0] if len(off) == 1 else {"@any": off}}}


def pika(fact: Fact) -> Row:
    """The price of 5 s; that of 10 s was not read."""
    rates = [one | {"when": one["when"] | {"duration": 5}} for one in tier_rates(fact)]
    return row(line("video", 1, *rates))


def vidu_q2_text(fact: Fact) -> Row:
    """A price per clip; at 1080p a base and a price per second."""
    flat = tier_rates(fact)
    top = {"resolution": "1080p"}
    by_second = rate("second", Decimal("0.10"))
    return row(
        line("video", 1, *flat, rate("video", Decimal("0.20"), top)),
        line("video seconds at 1080p", seconds("duration"), by_second, when=top),
    )


def vidu_q2_image(fact: Fact) -> Row:
    """A base by resolution, and a price per second."""
    timed = line("video seconds", seconds("duration"), *tier_rates(fact))
    bases = [
        line("base", 1, rate("video", tier["base_usd"]), when=tier["when"])
        for tier in fact.pricing["tiers"]
        if tier["base_usd"]
    ]
    return row(*bases, timed)


def sora_pro_from_image(fact: Fact) -> Row:
    """The table, and `auto` at the price of 1080p; `true_1080p` has no published price."""
    auto = rate("second", fact.pricing["price_usd"], {"resolution": "auto"})
    return row(row_of(fact)["lines"][0] | {"rates": [*tier_rates(fact), auto]})


def hailuo_fast(fact: Fact) -> Row:
    """The price of 6 s at 768p; others follow from a per-second reading of 2026-05."""
    table = (("768p", 6, "0.19"), ("768p", 10, "0.32"), ("1080p", 6, "0.33"))
    rates = [
        rate("video", Decimal(usd), {"resolution": lines, "duration": length_s})
        for lines, length_s, usd in table
    ]
    return row(line("video", 1, *rates, metered_by=metered(fact, "video")))


def hailuo_02_fast(fact: Fact) -> Row:
    """The price of 6 s; that of 10 s was not read."""
    usd = fact.pricing["price_usd"]
    only = rate("video", usd, {"duration": 6})
    return row(line("video", 1, only, metered_by=metered(fact, "video")))


def first_frames(limit: int) -> Callable[[Fact], Row]:
    """The price of a clip of up to so many frames; that of longer ones was not read."""

    def rule(fact: Fact) -> Row:
        usd = fact.pricing["price_usd"]
        return row(line("video", 1, rate("video", usd, {"num_frames": {"lte": limit}})))

    return rule


def wan_22_t2v_fast(fact: Fact) -> Row:
    """The price of the default length; more frames cost in proportion, it seems."""
    why = "the price is stated for 81 frames, and that it depends on the length"
    more = {"by": between(1, quotient(param("num_frames"), 81), why)}
    factors = [{"when": {"num_frames": {"gt": 81}}} | more]
    priced = row_of(fact)["lines"][0]
    label, metric = priced["label"], priced["metered_by"]
    return row(line(label, 1, *priced["rates"], multipliers=factors, metered_by=metric))


RULES: dict[str, Callable[[Fact], Row]] = {
    "fal/fal-ai/luma-dream-machine/ray-2-flash/reframe": row_of,
    "fal/fal-ai/hunyuan-avatar": first_frames(129),
    "fal/fal-ai/luma-dream-machine/*": luma_blocks,
    "fal/fal-ai/pixverse/v5.*": pixverse,
    "fal/fal-ai/pika/v2.2/*": pika,
    "fal/fal-ai/vidu/q2/text-to-video": vidu_q2_text,
    "fal/fal-ai/vidu/q2/image-to-video/*": vidu_q2_image,
    "replicate/minimax/hailuo-02": exact_tiers,
    "replicate/minimax/hailuo-2.3": exact_tiers,
    "replicate/minimax/hailuo-2.3-fast": hailuo_fast,
    "replicate/minimax/hailuo-02-fast": hailuo_02_fast,
    "replicate/topazlabs/video-upscale": exact_tiers,
    "fal/fal-ai/sora-2/text-to-video/pro": exact_tiers,
    "replicate/wan-video/wan-2.2-t2v-fast": wan_22_t2v_fast,
    "replicate/wan-video/wan-2.2-i2v-fast": wan_22_t2v_fast,
    "fal/fal-ai/sora-2/image-to-video/pro": sora_pro_from_image,
}
"""Models by id or pattern, the first that fits."""
