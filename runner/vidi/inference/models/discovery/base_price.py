"""fal's base price of an endpoint as a price row, where it can be one.

The pricing API gives one price an endpoint; tiers and surcharges stand on the page alone. A row is
made only where nothing among the inputs looks like a tier: an unknown price refuses, a price that
is too low would break a budget.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from vidi.inference.models.discovery.billed_units import find_unit

if TYPE_CHECKING:
    from vidi.inference.models.discovery.discovery import Discovery
    from vidi.inference.models.price_rules import LineRule, PriceRow


TIERS = (
    "resolution", "target_resolution", "output_resolution", "quality", "generate_audio", "mode",
    "rendering_speed", "style", "model", "turbo_mode", "upscale_factor", "enable_web_search",
)  # fmt: skip
"""Inputs that providers are known to price by."""


def price_row_of(found: Discovery, today: str) -> PriceRow:
    """The row that the provider's own price makes, or one that says why it makes none."""
    price = found.price
    if price is None:
        who = "fal's pricing API names no price"
        if found.id.startswith("replicate/"):
            who = "Replicate's API names no prices"
        return _row(found.page, today, {"unpriced": f"{who}; {_what_to_do(found)}"})
    line = _line_of(found)
    if isinstance(line, str):
        reason = f"fal's pricing API says {price}{line}; {_what_to_do(found)}"
        return _row(price.source, today, {"unpriced": reason})
    return _row(price.source, today, {"lines": [line]})


def _line_of(found: Discovery) -> LineRule | str:
    """The one line of the row, or what forbids it."""
    price = found.price
    unit = find_unit(price.unit) if price else None
    quantity = unit.quantity(found.params["properties"], found) if unit else None
    if price is None or unit is None or quantity is None:
        return ", and not how many of them a run has"
    if not price.usd:
        return ", which is no price"
    if tiers := [name for name in TIERS if name in found.params["properties"]]:
        return f", which may depend on {' and '.join(tiers)}"
    return {"label": price.unit, "quantity": quantity, "rates": [{unit.key: price.usd}]}


def _row(source: str, today: str, rest: PriceRow) -> PriceRow:
    return {"from": today, "source": source, "checked": today, "confidence": "low", **rest}


def _what_to_do(found: Discovery) -> str:
    return f"read {found.page} and write a price row"
