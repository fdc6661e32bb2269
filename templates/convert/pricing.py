"""The price of a model as dated rows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from by_unit import row_of
from dates import day_of, price_page
from prices_by_model import rule_of

if TYPE_CHECKING:
    from facts import Fact
    from lines import Row


UNROUNDED = (
    "Neither the rounding of megapixels nor their size is published; "
    "counted as 1,000,000 pixels each, without rounding."
)


def pricing_of(fact: Fact) -> dict[str, Any]:
    """All that is known of the price: one row, since the catalogue has one reading of each."""
    as_of, confidence = fact.data["as_of"], fact.data["confidence"]
    row: Row = {"from": day_of(as_of["pricing"]) or day_of(as_of["params"])}
    row["source"] = price_page(fact)
    row["checked"] = row["from"]
    row["confidence"] = confidence["pricing"] or "low"
    rule = rule_of(fact) or row_of
    return {"rows": [row | rule(fact)], "notes": _notes(fact)}


def _notes(fact: Fact) -> str:
    """What the catalogue says of the price, and what had to be assumed."""
    stated = fact.pricing.get("rounding", "unspecified") != "unspecified" or "ounding" in fact.notes
    if fact.pricing["unit"] != "megapixel" or fact.data["output_type"] != "image" or stated:
        return fact.notes
    return f"{fact.notes} {UNROUNDED}".strip()
