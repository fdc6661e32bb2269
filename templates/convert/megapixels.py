"""Megapixels of output images, where the unit and the inputs say all."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from quantity import (
    between,
    images,
    input_megapixels,
    output_megapixels,
    param,
    product,
    up,
)

if TYPE_CHECKING:
    from facts import Fact
    from quantity import Expr

FACTORS = ("upscale_factor", "scale_factor", "scale")
FREE = "without a size the model makes about one megapixel"
ONE_OF = "the output is as large as one of the input images"


def quantity_of(fact: Fact) -> Expr:
    """The megapixels that are billed, where no rule of the model's own says otherwise.

    Where the page says no more, a megapixel is 1,000,000 pixels, rounded up for each image if
    parts count as whole ones: the reading that never undercuts a budget.
    """
    rounded = fact.pricing.get("rounding", "").startswith("ceil")
    return product(images(fact), one_image(fact, **({"each": "up"} if rounded else {})))


def one_image(fact: Fact, **options: Expr) -> Expr:
    """The megapixels of one output image: of its size param, else of the input, scaled."""
    source = fact.source_image()
    like = _like_input(source, options) if source else _free_size(options)
    if "image_size" in fact.params:
        sized = fact.params["image_size"]["default"] is not None
        return output_megapixels("image_size", otherwise=None if sized else like, **options)
    factor = fact.first_of(*FACTORS)
    if factor is None:
        return like
    scaled = product(input_megapixels(source or ""), param(factor), param(factor))
    return up(scaled) if options.get("each") == "up" else scaled


def _like_input(source: str, options: dict[str, Expr]) -> Expr:
    like = input_megapixels(source, **options)
    return between({"min": [1, like]}, like, ONE_OF) if source == "image_urls" else like


def _free_size(options: dict[str, Expr]) -> Expr:
    return between(1, 2, FREE) if options else between(Decimal("0.5"), Decimal("1.1"), FREE)
