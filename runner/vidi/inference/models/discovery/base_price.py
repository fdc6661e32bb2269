"""fal's base price of an endpoint, as a price row that a person may add after reading the page.

The pricing API gives one price an endpoint; tiers and surcharges stand on the page alone. So no row
is ever written by itself: an unknown price refuses, a price that is too low would break a budget.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from vidi.inference.models.discovery.billed_units import find_unit

if TYPE_CHECKING:
    from vidi.inference.models.discovery.discovery import BasePrice, Discovery
    from vidi.inference.models.price_rules import LineRule, PriceRow, Pricing
    from vidi.inference.models.template import Billing


COMPUTED = "compute seconds"
"""fal's unit of what is sold by the time that it takes."""

TIERS = (
    "resolution", "target_resolution", "output_resolution", "quality", "generate_audio", "mode",
    "rendering_speed", "style", "model", "turbo_mode", "upscale_factor", "enable_web_search",
)  # fmt: skip
"""Inputs that providers are known to price by."""


@dataclass(frozen=True, slots=True)
class Proposal:
    """What a person is asked to do about a price."""

    command: str
    """The command that adds the row, once somebody has read the page."""
    row: PriceRow | None
    """The row that the base price makes; None where it makes none."""
    doubt: str
    """Why the base price may not be the price, or makes no row; empty where nothing says so."""


def propose_row(found: Discovery, today: str) -> Proposal:
    """The row that the provider's own price would make, and the command that adds it."""
    price = found.price
    unit = find_unit(price.unit) if price else None
    if price is None or not price.usd or unit is None:
        doubt = _no_price(found) if price is None else f"fal's base price is {price}"
        return Proposal(_command(found, "UNIT", "USD"), None, doubt)
    per = unit.key.removeprefix("usd_per_")
    command = _command(found, per, f"{price.usd.normalize():f}")
    quantity = unit.quantity(found.params["properties"], found)
    if quantity is None:
        return Proposal(command, None, "nothing says how many units a run has")
    line: LineRule = {"label": price.unit, "quantity": quantity, "rates": [{unit.key: price.usd}]}
    row: PriceRow = {**_row(price.source, today), "lines": [line]}
    tiers = [name for name in TIERS if name in found.params["properties"]]
    return Proposal(command, row, f"it may depend on {' and '.join(tiers)}" if tiers else "")


def unpriced_row(found: Discovery, today: str) -> PriceRow:
    """The row of a model whose price nobody has read yet."""
    price = found.price
    told = _no_price(found) if price is None else f"fal's base price is {price}"
    reason = f"{told}; read {found.page} and add a row with `vidi models price {found.id}`"
    return {**_row(price.source if price else found.page, today), "unpriced": reason}


def is_new_base(billing: Billing | None, pricing: Pricing, price: BasePrice | None) -> bool:
    """Whether a base price is another one than a template has.

    No price is no news. Nor is one per compute second of what is sold by another unit: recorded,
    such a base stands for weeks and is not what is billed.
    """
    if price is None or price.usd <= 0:
        return False
    if price.unit == COMPUTED and _is_sold_otherwise(pricing):
        return False
    known = billing and (_name_unit(billing.unit), billing.unit_usd)
    return known != (_name_unit(price.unit), price.usd)


def _name_unit(unit: str) -> str:
    """A unit that says nothing has several names at fal: nothing, `1` and `units`."""
    return "units" if unit in {"", "1"} else unit


def _is_sold_otherwise(pricing: Pricing) -> bool:
    lines = pricing["rows"][-1].get("lines", ()) if pricing["rows"] else ()
    keys = {key for line in lines for rate in line.get("rates", ()) for key in rate}
    return bool(keys) and "usd_per_compute_second" not in keys


def _no_price(found: Discovery) -> str:
    if found.id.startswith("replicate/"):
        return "Replicate's API names no prices"
    return "fal's pricing API names no price"


def _row(source: str, today: str) -> PriceRow:
    return {"from": today, "source": source, "checked": today, "confidence": "low"}


def _command(found: Discovery, unit: str, usd: str) -> str:
    return f"vidi models price {found.id} --per {unit} {usd} --source {found.page}"
