"""The price of a model as dated rows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from by_unit import row_of
from dates import day_of, price_page
from prices_by_model import rule_of

if TYPE_CHECKING:
    from facts import Fact
    from lines import Row


def pricing_of(fact: Fact) -> dict[str, Any]:
    """All that is known of the price: one row, since the catalogue has one reading of each."""
    as_of, confidence = fact.data["as_of"], fact.data["confidence"]
    row: Row = {"from": day_of(as_of["pricing"]) or day_of(as_of["params"])}
    row["source"] = price_page(fact)
    row["checked"] = row["from"]
    row["confidence"] = confidence["pricing"] or "low"
    rule = rule_of(fact) or row_of
    return {"rows": [row | rule(fact)], "notes": fact.notes}
