"""Price rules of image, 3D and vision models, one by one."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from by_unit import row_of
from lines import line, published_rates, rate, refusal, row, tier_rates
from quantity import between, cases, images, product

if TYPE_CHECKING:
    from collections.abc import Callable

    from facts import Fact
    from lines import Row

CENT = Decimal("0.01")
PICTURE_TOKENS = "a 1024x1024 input is about {} tokens, a larger one up to four times that"


def gpt_image_1(fact: Fact) -> Row:
    """Images by quality and size, plus tokens; the total is rounded up to a cent."""
    lines = [
        line("images", images(fact), *published_rates(fact)),
        line("text tokens", {"tokens": ["prompt"]}, rate("1k_tokens", Decimal("0.002"))),
    ]
    if "image_urls" in fact.params:
        each = [
            ({"input_fidelity": word}, between(low, 4 * low, PICTURE_TOKENS.format(low)))
            for word, low in (("low", 135), ("high", 3050))
        ]
        tokens = product({"count": "image_urls"}, cases(*each))
        lines.append(line("image tokens", tokens, rate("1k_tokens", Decimal("0.005"))))
    return row(*lines, round_total_up_to_usd=CENT)


def gpt_image_15_edit(fact: Fact) -> Row:
    """Images by quality and size; size auto may become the dearest size."""
    rates = tier_rates(fact)
    base = [
        rate("image", Decimal(usd), {"quality": quality, "image_size": "auto"})
        for quality, usd in (("medium", "0.034"), ("high", "0.133"))
    ]
    dearer = [
        rate("image", Decimal(usd), {"quality": quality})
        for quality, usd in (("medium", "0.017"), ("high", "0.067"))
    ]
    maybe = between(0, 1, "size auto costs between a square picture and the dearest size")
    count = images(fact)
    when = {"image_size": "auto", "quality": ["medium", "high"]}
    return row(
        line("images", count, *rates, *base),
        line("size auto", product(count, maybe), *dearer, when=when),
    )


def exact_tiers(fact: Fact) -> Row:
    """Only what the table names has a price; anything else is unknown."""
    return row(row_of(fact)["lines"][0] | {"rates": tier_rates(fact)})


def nano_banana_2(fact: Fact) -> Row:
    """By resolution; two switches have a price that was not read."""
    reason = "the fees for web search and high thinking are not published in the sources"
    return row(
        *row_of(fact)["lines"],
        refusal({"enable_web_search": True}, reason),
        refusal({"thinking_level": "high"}, reason),
    )


def seedream_5_pro(fact: Fact) -> Row:
    """By size; further reference images have a price that was not read."""
    reason = "the price of more than one reference image is not published in the sources"
    more = {"@compare": {"of": {"count": "image_input"}, "gt": 1}}
    return row(*row_of(fact)["lines"], refusal(more, reason))


def grok_edit(fact: Fact) -> Row:
    """0.02 an output image and 0.002 an input image."""
    return row(
        line("images", images(fact), rate("image", Decimal("0.02"))),
        line("input images", {"count": "image_urls"}, rate("image", Decimal("0.002"))),
    )


def own_key(fact: Fact) -> Row:
    """Free of the provider's charge with the caller's own OpenAI key."""
    without_key = {"when": {"openai_api_key": None}}
    return row(*({"label": one["label"]} | without_key | one for one in row_of(fact)["lines"]))


def hunyuan3d_v3(fact: Fact) -> Row:
    """By kind, plus materials, further views and a face count of one's own."""
    extra = Decimal("0.15")
    views = ["back_image_url", "left_image_url", "right_image_url"]
    lines = [
        line("model", 1, *published_rates(fact)),
        line("PBR materials", 1, rate("request", extra), when={"enable_pbr": True}),
    ]
    if set(views) <= set(fact.params):
        when = {"@any_of_present": views}
        lines.append(line("further views", 1, rate("request", extra), when=when))
    custom = cases(({"face_count": fact.params["face_count"]["default"]}, 0), otherwise=1)
    lines.append(line("custom face count", custom, rate("request", extra)))
    return row(*lines)


def tripo(fact: Fact) -> Row:
    """By texture, plus quad meshes; the `style` that costs more is no input any more."""
    quad = line("quad mesh", 1, rate("request", Decimal("0.05")), when={"quad": True})
    return row(line("model", 1, *published_rates(fact)), quad)


def each_input(name: str) -> Callable[[Fact], Row]:
    """A price for each image that is given, and for one at least."""
    return lambda fact: row(
        line("input images", {"max": [1, {"count": name}]}, *published_rates(fact))
    )


def characters_of_answer(fact: Fact) -> Row:
    """Characters of an answer that nobody has seen yet."""
    why = "the length of the answer is known only after the run"
    return row(line("characters of the answer", between(0, None, why), *published_rates(fact)))


def any_llm(fact: Fact) -> Row:
    """A flat price; older pages had a list of dearer models at ten times it."""
    why = "older pages charge ten times the price for premium models, without a list"
    factor = [{"by": between(1, 10, why)}]
    return row(line("request", 1, *published_rates(fact), multipliers=factor))


RULES: dict[str, Callable[[Fact], Row]] = {
    "fal/fal-ai/gpt-image-1/*": gpt_image_1,
    "fal/fal-ai/gpt-image-1.5/edit": gpt_image_15_edit,
    "fal/fal-ai/gpt-image-1.5": exact_tiers,
    "fal/fal-ai/nano-banana-2*": nano_banana_2,
    "replicate/bytedance/seedream-5-pro": seedream_5_pro,
    "fal/xai/grok-imagine-image/edit": grok_edit,
    "replicate/openai/gpt-image-*": own_key,
    "fal/fal-ai/hunyuan3d-v3/*": hunyuan3d_v3,
    "fal/tripo3d/tripo/v2.5/image-to-3d": tripo,
    "fal/fal-ai/got-ocr/v2": each_input("input_image_urls"),
    "fal/fal-ai/x-ailab/nsfw": each_input("image_urls"),
    "fal/fal-ai/moondream2*": characters_of_answer,
    "fal/fal-ai/any-llm": any_llm,
}
"""Models by id or pattern, the first that fits."""
