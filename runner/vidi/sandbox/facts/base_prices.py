"""What one billable unit of an endpoint costs: fal's own prices, not the templates'.

`base_prices.json` was read from copies of `GET /v1/models/pricing` (2026-05-17 and 2026-07-28) and
of the billing data of model pages (2025-10-30). A placeholder is a price per second of a machine,
although the page sells something else: recorded calls of such endpoints bill the page's price and
report one unit.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from vidi.inference.models.params.checked import CheckedParams
from vidi.inference.models.prices.money import up_to_micro
from vidi.inference.models.prices.pricing import estimate
from vidi.sandbox.orders.checks import with_defaults

if TYPE_CHECKING:
    from collections.abc import Mapping

    from vidi.inference.models.template import ModelInfo

_UNITS = {
    "1k characters": "1000 characters",
    "1k tokens": "1000 tokens",
    "1m tokens": "1m tokens",
    "5 seconds": "5 seconds",
    "10 seconds": "10 seconds",
    "30 seconds": "30 seconds",
    "16 frames": "16 frames",
    "30 frames": "30 frames",
}
"""fal's names of units, where they are not the plural of ours."""
_DIGITS = Decimal("1e-12")


@dataclass(frozen=True, slots=True)
class BasePrice:
    """The price of one billable unit."""

    unit: str
    """fal's own word, such as `seconds`."""
    usd: Decimal
    placeholder: bool = False
    """Whether it is not what is billed."""
    counted: bool = False
    """Whether the quantity itself is billed, as the page's price is another than this one."""

    def count(self, usd: Decimal | None, quantity: Decimal, seconds: Decimal) -> Decimal:
        """How many units an inference is billed.

        Args:
            usd: What it costs by its page; None where that is not known.
            quantity: How much of what the page sells was made.
            seconds: How long it was computed.
        """
        if self.placeholder or usd is None:
            return Decimal(1)
        if self.unit == "compute seconds":
            return seconds
        if self.counted:
            return quantity
        units = (usd / self.usd).quantize(_DIGITS, ROUND_FLOOR).normalize()
        # A minute that was begun is billed whole: 5.7 s of speech were one unit, twice.
        return units.to_integral_value(ROUND_CEILING) if self.unit == "minutes" else units

    def bill(self, units: Decimal, page_usd: Decimal | None) -> Decimal | None:
        """USD of so many units."""
        return page_usd if self.placeholder else up_to_micro(units * self.usd)


def find_base_price(model: ModelInfo) -> BasePrice | None:
    """The base price of an endpoint: fal's, else its template's, else a rate of it."""
    entry = read_base_prices().get(model.name)
    if entry is not None:
        marks = {name: True for name in ("placeholder", "counted") if entry.get(name)}
        return BasePrice(entry["unit"], Decimal(entry["usd"]), **marks)
    billing = model.billing
    return BasePrice(billing.unit, Decimal(billing.unit_usd)) if billing else _first_rate(model)


def _first_rate(model: ModelInfo) -> BasePrice | None:
    """The first rate of the template's example."""
    example = dict(model.example)
    lines = estimate(model, CheckedParams(example, with_defaults(model, example))).lines
    if not lines or not lines[0].rate:
        return None
    return BasePrice(_UNITS.get(lines[0].unit, f"{lines[0].unit}s"), lines[0].rate)


@lru_cache(maxsize=1)
def read_base_prices() -> Mapping[str, Mapping[str, Any]]:
    """The list: endpoint to `usd`, `unit`, `as_of` and the marks."""
    text = Path(__file__).with_suffix(".json").read_text(encoding="utf-8")
    entries: dict[str, dict[str, Any]] = json.loads(text)
    return entries
