"""Price rules of models that are billed by megapixels, one by one."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from by_unit import row_of
from lines import line, metered, published_rates, rate, row, tier_rates
from quantity import (
    MEBI,
    between,
    cases,
    images,
    input_megapixels,
    output_megapixels,
    param,
    product,
    quotient,
    total,
    up,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from facts import Fact
    from lines import Line, Row
    from quantity import Expr

BY_SIZE = "image, by output megapixels"
AUTO = "size auto follows the input images, up to 4 megapixels"


def flux_2(fact: Fact) -> Row:
    """FLUX.2 on fal: megapixels out and in, rounded up."""
    auto = None if _has_size(fact) else between(1, 4, AUTO)
    made = output_megapixels("image_size", otherwise=auto, each="up", **_pixels(fact))
    quantity = product(images(fact), made)
    if "image_urls" in fact.params:
        quantity = total(quantity, _flux_2_inputs(fact))
    first = fact.pricing.get("first_unit_price_usd")
    more = {"first": first} if first is not None else {}
    usd = rate("megapixel", fact.pricing["price_usd"], **more)
    return row(line("megapixels, output and input", quantity, usd))


def _has_size(fact: Fact) -> bool:
    return fact.params["image_size"]["default"] not in (None, "auto")


def _flux_2_inputs(fact: Fact) -> Expr:
    if "/turbo" in fact.id or "/flash" in fact.id:
        return {"count": "image_urls"}
    return up(input_megapixels("image_urls", **_pixels(fact)))


def _pixels(fact: Fact) -> dict[str, Expr]:
    """1,048,576 pixels are a megapixel where an example on the page counts 1024x1024 as one."""
    return {"px": MEBI} if "1024x1024" in fact.notes else {}


def flux_2_on_replicate(fact: Fact) -> Row:
    """A price per run, per input megapixel and per output megapixel; any part may be zero."""
    parts = fact.pricing["components"]
    inputs = fact.first_of("input_images", "images") or ""
    lines = [
        line("output megapixels", _output_on_replicate(fact), *_flux_rates(fact, "output")),
        line("input megapixels", input_megapixels(inputs), *_flux_rates(fact, "input")),
    ]
    if parts["per_run_usd"]:
        lines.insert(0, line("run", 1, rate("request", parts["per_run_usd"])))
    return row(*lines)


def _flux_rates(fact: Fact, side: str) -> list[Line]:
    usd = fact.pricing["components"][f"per_{side}_megapixel_usd"]
    return published_rates(fact) if usd == "rate" else [rate("megapixel", usd)]


def _output_on_replicate(fact: Fact) -> Expr:
    """The megapixels that `resolution` or `output_megapixels` names; else width x height."""
    if "output_megapixels" in fact.params:
        return param("output_megapixels")
    drawn = output_megapixels(["width", "height"], otherwise=1)
    if "resolution" not in fact.params:
        return drawn
    like = input_megapixels("input_images")
    named = [({"resolution": f"{size} MP"}, _number(size)) for size in ("0.5", "1", "2", "4")]
    matching = between({"min": [1, like]}, 4, AUTO)
    return cases(({"aspect_ratio": "custom"}, drawn), *named, otherwise=matching)


def z_image_on_replicate(fact: Fact) -> Row:
    """Steps by output megapixels, 1024x1024 counting as one."""
    steps = fact.pricing["components"]["steps_by_megapixels"]
    rates = [
        rate("image", usd, {"@output_megapixels": {"lte": _number(size)}})
        for size, usd in steps.items()
    ]
    size = output_megapixels(["width", "height"], px=MEBI)
    return row(line(BY_SIZE, 1, *rates), where={"@output_megapixels": size})


def _number(text: str) -> Decimal | int:
    return Decimal(text) if "." in text else int(text)


def enlarged(fact: Fact) -> Row:
    """Steps by the megapixels of the enlarged image."""
    factor: Expr = param("upscale_factor")
    if fact.provider == "replicate":
        named = [({"upscale_factor": f"{times}x"}, times) for times in (2, 4, 6)]
        factor = cases(*named, otherwise=1)
    size = product(input_megapixels(fact.source_image() or ""), factor, factor)
    priced = line(BY_SIZE, 1, *tier_rates(fact), metered_by=metered(fact, "image"))
    return row(priced, where={"@output_megapixels": size})


def seedvr_image(fact: Fact) -> Row:
    """Megapixels of the enlarged image: by a factor, or up to a resolution."""
    source = fact.source_image() or ""
    size = target_size(source, input_megapixels(source))
    rates = published_rates(fact)
    return row(line("output megapixels", size, *rates))


def target_size(source: str, megapixels: Expr) -> Expr:
    """Megapixels after enlarging by a factor, or until the shorter side has the asked lines."""
    sides = [{"width": source}, {"height": source}]
    shape = quotient({"max": sides}, {"min": sides})
    targets = [
        (
            {"upscale_mode": "target", "target_resolution": f"{lines}p"},
            product(Decimal(lines * lines).scaleb(-6), shape),
        )
        for lines in (720, 1080, 1440, 2160)
    ]
    factor = param("upscale_factor")
    return cases(*targets, otherwise=product(megapixels, factor, factor))


def kontext_dev(fact: Fact) -> Row:
    """Pictures of about one megapixel, whatever their shape."""
    one = between(1, 2, "outputs have about one megapixel, which may be rounded up to two")
    return row(line("output megapixels", product(images(fact), one), *published_rates(fact)))


def photon(fact: Fact) -> Row:
    """Only a shape can be asked for."""
    size = between(1, 3, "the page does not give the size of the output, one to three megapixels")
    return row(line("output megapixels", size, *published_rates(fact)))


def ultra_redux(fact: Fact) -> Row:
    """Pictures of up to four megapixels; whether each is billed is not said."""
    size = between(1, 5, "the page does not give the size of the output, up to 4 or 5 megapixels")
    return row(line("output megapixels", product(images(fact), size), *published_rates(fact)))


RULES: dict[str, Callable[[Fact], Row]] = {
    "fal/fal-ai/flux-2/klein/*": row_of,
    "fal/fal-ai/flux-2*": flux_2,
    "replicate/black-forest-labs/flux-2-klein-9b": row_of,
    "replicate/black-forest-labs/flux-2-*": flux_2_on_replicate,
    "replicate/prunaai/z-image-turbo": z_image_on_replicate,
    "replicate/topazlabs/image-upscale": enlarged,
    "fal/fal-ai/topaz/upscale/image": enlarged,
    "fal/fal-ai/seedvr/upscale/image": seedvr_image,
    "fal/fal-ai/flux-kontext/dev": kontext_dev,
    "fal/fal-ai/luma-photon*": photon,
    "fal/fal-ai/flux-pro/v1.1-ultra/redux": ultra_redux,
}
"""Models by id or pattern, the first that fits."""
