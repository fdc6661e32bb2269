"""What an inference will cost, and what it has cost. docs/prices.md is the language."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING

from vidi.inference.models.prices.estimate import (
    Actual,
    Basis,
    Estimate,
    MediaFacts,
    Metered,
    PriceLine,
    RuleFigures,
)
from vidi.inference.models.prices.facts import IMAGE_PIXELS, VIDEO_PIXELS, Facts
from vidi.inference.models.prices.money import to_micro, up_to_micro
from vidi.inference.models.prices.rows import price_row, row_in_force
from vidi.inference.models.prices.units import (
    bill_units,
    find_base,
    guess_bill,
    is_sold_by_computing,
)
from vidi.inference.models.template import OutputType

if TYPE_CHECKING:
    from vidi.inference.models.params.checked import CheckedParams
    from vidi.inference.models.price_rules import PriceRow
    from vidi.inference.models.prices.intervals import Interval
    from vidi.inference.models.template import Billing, ModelInfo

__all__ = ["Actual", "Estimate", "MediaFacts", "Metered", "PriceLine", "estimate", "settle"]


def estimate(
    model: ModelInfo,
    checked: CheckedParams,
    *,
    on: date | None = None,
    timeout_s: Decimal | float | None = None,
) -> Estimate:
    """What an inference will cost.

    Args:
        model: The model, with its price rows.
        checked: The checked params.
        on: The day whose prices hold; today (UTC) unless given.
        timeout_s: The inference's deadline in seconds, where it is not the template's: what
            bounds a price by compute second.
    """
    row = row_in_force(model.pricing, on or _today())
    if isinstance(row, str):
        return Estimate(low=Decimal(0), high=None, reason=row)
    priced = price_row(row, _facts(model, checked, row, timeout_s=timeout_s))
    low, high = up_to_micro(priced.total.low), _up(priced.total.high)
    rule = None
    if high is not None:
        same = low == high or timeout_s in {None, model.timeout_s}
        usual = None if same else price_row(row, _facts(model, checked, row)).total.high
        rule = RuleFigures(low, high, _up(usual) or high)
    return Estimate(
        low=low,
        high=high,
        reason="" if low == high else "; ".join(priced.total.why),
        lines=tuple(line.shown(row) for line in priced.lines),
        rule=rule,
        usual=_usual(row),
    )


def date_prices(model: ModelInfo) -> str:
    """When the prices of a template were last true by their sources, as ISO 8601 text."""
    rows = model.pricing.get("rows", ())
    dates = [row.get("checked", row["from"]) for row in rows[-1:]]
    return max([*dates, *(row["from"] for row in rows[-1:]), model.as_of.get("pricing", "")])


def settle(
    model: ModelInfo,
    checked: CheckedParams,
    metered: Metered,
    *,
    on: date | None = None,
    timeout_s: Decimal | float | None = None,
    base: Billing | None = None,
) -> Actual:
    """What an inference that succeeded has cost.

    The provider's own figure goes before the rule on what came out, and that before the estimate.

    Args:
        model: The model, with its price rows.
        checked: The checked params that were sent.
        metered: What the provider reported, and what came out.
        on: The day of the run; today (UTC) unless given.
        timeout_s: The inference's deadline in seconds, as in `estimate`.
        base: What fal said that one of its units costs; the template's `billing` where None.
    """
    row = row_in_force(model.pricing, on or _today())
    units = metered.billable_units
    if units is None or units < 0:
        return _apply_rule(model, checked, metered, row, timeout_s)
    known = find_base(base or model.billing, row)
    if known is not None:
        return Actual(bill_units(units, known), "metered")
    ruled = _apply_rule(model, checked, metered, row, timeout_s)
    if isinstance(row, str) or (is_sold_by_computing(row) and ruled.basis == "derived"):
        return ruled
    before = price_row(row, _facts(model, checked, row, timeout_s=timeout_s))
    # Nobody knows what a unit costs: to be sure, the greatest figure that may be meant.
    figures = (ruled.usd, before.total.high, guess_bill(row, before, units))
    usd = max((each for each in figures if each is not None), default=None)
    return Actual(_up(usd), "estimated")


def _apply_rule(
    model: ModelInfo,
    checked: CheckedParams,
    metered: Metered,
    row: PriceRow | str,
    timeout_s: Decimal | float | None,
) -> Actual:
    """What the price rule makes of what came out."""
    if isinstance(row, str):
        return Actual(usd=None, basis="estimated")
    facts = _facts(model, checked, row, timeout_s=timeout_s, metered=metered)
    total = price_row(row, facts).total
    usd = None if total.high is None else to_micro(total.high)
    return Actual(usd=usd, basis=_basis(total, facts.used))


def _basis(total: Interval, used: set[str]) -> Basis:
    """The weakest of the figures that a cost was made of."""
    if not total.exact or not used:
        return "estimated"
    return "derived" if "derived" in used else "metered"


def _facts(
    model: ModelInfo,
    checked: CheckedParams,
    row: PriceRow,
    *,
    timeout_s: Decimal | float | None = None,
    metered: Metered | None = None,
) -> Facts:
    return Facts(
        properties=model.params["properties"],
        effective=checked.effective,
        files=checked.files,
        timeout_s=Decimal(str(model.timeout_s if timeout_s is None else timeout_s)),
        where=row.get("where", {}),
        metered=metered,
        pixels=VIDEO_PIXELS if model.output_type is OutputType.VIDEO else IMAGE_PIXELS,
    )


def _usual(row: PriceRow) -> Decimal | None:
    return up_to_micro(Decimal(row["typical_usd"])) if "typical_usd" in row else None


def _up(usd: Decimal | None) -> Decimal | None:
    return None if usd is None else up_to_micro(usd)


def _today() -> date:
    return datetime.now(UTC).date()
