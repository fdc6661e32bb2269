"""Quantities of what comes out: its size, guessed from the params or measured after the run."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Literal

from vidi.inference.models.prices.intervals import (
    ONE,
    Interval,
    add,
    divide,
    exactly,
    rounded,
    unknown,
)
from vidi.inference.models.prices.quantities.output_size import size_from, stated_megapixels

if TYPE_CHECKING:
    from vidi.inference.models.price_rules import Form
    from vidi.inference.models.prices.facts import Facts


def output_megapixels(rule: Form, facts: Facts) -> Interval | None:
    """The megapixels of one output; None where the rule says what else to take."""
    pixels = Decimal(rule.get("px", facts.pixels))
    each = rule.get("each") == "up"
    one = _asset_megapixels(facts, pixels, each=each)
    if one is not None:
        return one
    one = _asked_megapixels(rule["output_megapixels"], facts, pixels)
    if one is None:
        return _not_known("size", rule)
    return rounded(one, "up", ONE) if each else one


def output_side(side: Literal["width", "height"], rule: Form, facts: Facts) -> Interval | None:
    """The width or height of one output in pixels; None where the rule says what else to take."""
    size = size_from(facts.effective, rule["output_width" if side == "width" else "output_height"])
    if size is None:
        return _not_known(side, rule)
    return size.width if side == "width" else size.height


def _asked_megapixels(names: object, facts: Facts, pixels: Decimal) -> Interval | None:
    size = size_from(facts.effective, names)
    if size is not None:
        return divide(size.pixels, exactly(pixels))
    stated = None if names else stated_megapixels(facts.effective)
    return None if stated is None else exactly(stated)


def _asset_megapixels(facts: Facts, pixels: Decimal, *, each: bool) -> Interval | None:
    """The mean over the assets, so that it times their number is what came out."""
    sizes = [
        exactly(Decimal(asset.width * asset.height) / pixels)
        for asset in facts.assets
        if asset.width and asset.height
    ]
    if not sizes:
        return None
    facts.used.add("derived")
    total = add(rounded(one, "up", ONE) if each else one for one in sizes)
    return divide(total, exactly(len(sizes)))


def _not_known(what: str, rule: Form) -> Interval | None:
    return None if "else" in rule else unknown(f"the output {what} is not known before the run")
