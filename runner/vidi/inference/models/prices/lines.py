"""One line of a price row, applied to one inference."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, NamedTuple

from vidi.inference.models.prices.estimate import PriceLine
from vidi.inference.models.prices.facts import OUTPUT_COUNTS
from vidi.inference.models.prices.intervals import (
    Interval,
    between,
    exactly,
    largest,
    multiply,
    rounded,
    unknown,
)
from vidi.inference.models.prices.metering import read_metric
from vidi.inference.models.prices.quantities.quantity import holds, measure
from vidi.inference.models.prices.rates import UNITS, choose_rate, factor_of

if TYPE_CHECKING:
    from vidi.inference.models.price_rules import Expr, LineRule, PriceRow
    from vidi.inference.models.prices.facts import Facts
    from vidi.inference.models.prices.rates import Choice


_COUNTS = frozenset({"image_output_count", "video_output_count", "audio_output_count"})
_LENGTHS = frozenset({"video_output_duration_seconds", "audio_output_duration_seconds"})


class Priced(NamedTuple):
    """A line that counts, with its exact amount in USD."""

    rule: LineRule
    quantity: Interval
    """Rounded and with the minimum, in the rule's own measure (seconds, not minutes)."""
    choice: Choice
    factor: Interval
    amount: Interval

    def shown(self, row: PriceRow) -> PriceLine:
        """The line of the breakdown."""
        rate = max(self.choice.rates, key=lambda rate: rate.usd, default=None)
        size = rate.size if rate else Decimal(1)
        high = self.quantity.high
        factor = self.factor.low if self.factor.high is None else self.factor.high
        return PriceLine(
            label=self.rule.get("label", ""),
            quantity_low=self.quantity.low / size,
            quantity_high=None if high is None else high / size,
            unit=rate.unit if rate else "",
            rate=rate.usd * factor if rate else Decimal(0),
            low=self.amount.low,
            high=self.amount.high,
            source=row["source"],
            since=row["from"],
        )


def price_line(rule: LineRule, facts: Facts) -> Priced | None:
    """Apply one line; None where its condition does not hold."""
    counts = holds(rule.get("when", {}), facts)
    if counts is False:
        return None
    quantity = _quantity(rule, facts)
    choice = choose_rate(rule.get("rates", ()), facts)
    factor = factor_of(rule.get("multipliers", ()), facts)
    amount = multiply((choice.amount(quantity), factor))
    if "unpriced" in rule:
        choice, amount = choice._replace(unpriced=rule["unpriced"]), unknown(rule["unpriced"])
    if counts is None:
        why = f"whether '{rule.get('label', 'a line')}' counts is not known before the run"
        amount = between(Decimal(0), amount.high, *amount.why, why)
    return Priced(rule, quantity, choice, factor, amount)


def _quantity(rule: LineRule, facts: Facts) -> Interval:
    quantity = _metered(rule, facts) or measure(rule.get("quantity", 1), facts)
    if "round" in rule:
        step = rule["round"]
        quantity = rounded(quantity, step["mode"], Decimal(step.get("to", 1)))
    if "minimum" in rule:
        quantity = largest((quantity, exactly(rule["minimum"])))
    return quantity


def _metered(rule: LineRule, facts: Facts) -> Interval | None:
    """The line's quantity after the run: the provider's own figure, or what came out."""
    if facts.metered is None:
        return None
    named = rule.get("metered_by")
    meter = named or _imply_meter(rule)
    if meter is None:
        return None
    figure = read_metric(meter, lambda before: measure(rule.get("quantity", 1), before), facts)
    if figure is not None:
        return figure
    if named in _COUNTS:
        return facts.asset_count()
    if named in _LENGTHS and (mean := facts.asset_seconds()):
        return multiply((mean, exactly(len(facts.assets))))
    return None


def _list_units(rule: LineRule) -> set[str]:
    return {key for rate in rule.get("rates", ()) for key in rate if key in UNITS}


def _imply_meter(rule: LineRule) -> str | None:
    """The metric of Replicate that counts what a line prices, where the line names none.

    Recorded of flux-2-pro: `image_input_megapixel_count: 0, image_output_count: 1,
    image_output_megapixel_count: 1`.
    """
    units = _list_units(rule)
    quantity = rule.get("quantity", 1)
    form = set(quantity) if isinstance(quantity, dict) else set()
    if units <= {"usd_per_request", "usd_per_run"}:
        return None if form else "run_count"
    if units == {"usd_per_megapixel"} and not form & {"sum", "product"}:
        return f"image_{'input' if 'megapixels' in form else 'output'}_megapixel_count"
    if units == {"usd_per_image"} and (not form or form & {"outputs"} or _counts_outputs(quantity)):
        return "image_output_count"
    return None


def _counts_outputs(quantity: Expr) -> bool:
    return isinstance(quantity, dict) and quantity.get("param") in OUTPUT_COUNTS
