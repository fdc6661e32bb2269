"""Lines of a price row: a quantity, its rates, and what multiplies them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from decimal import Decimal

    from facts import Fact
    from quantity import Expr

Line = dict[str, Any]
Row = dict[str, Any]

METERED = {
    ("image", "image"): "image_output_count",
    ("video", "video"): "video_output_count",
    ("video", "second"): "video_output_duration_seconds",
    ("audio", "second"): "audio_output_duration_seconds",
    ("audio", "request"): "audio_output_count",
    ("audio", "1k_characters"): "character_input_count",
    ("audio", "1k_tokens"): "token_input_count",
}
"""Replicate's billing metrics, by what a model makes and the unit that it is paid by."""


def rate(unit: str, usd: Decimal | int, when: dict[str, Any] | None = None, **more: Expr) -> Line:
    """A price of one unit, under a condition or always."""
    return ({"when": when} if when else {}) | {f"usd_per_{unit}": usd} | more


def line(label: str, quantity: Expr, *rates: Line, **more: Expr) -> Line:
    """One line; a quantity of 1 and whatever is empty are not written."""
    fields = {
        "label": label,
        "when": more.get("when"),
        "quantity": None if quantity == 1 else quantity,
        "round": more.get("round"),
        "minimum": more.get("minimum"),
        "rates": list(rates),
        "multipliers": more.get("multipliers"),
        "metered_by": more.get("metered_by"),
    }
    return {key: value for key, value in fields.items() if value}


def refusal(when: dict[str, Any], reason: str) -> Line:
    """A line that makes the whole price unknown when its condition holds."""
    return {"label": "no published price", "when": when, "unpriced": reason}


def row(*lines: Line, **more: Expr) -> Row:
    """The lines, the derived names of their conditions, and what applies to their sum."""
    where = {"where": more.pop("where")} if "where" in more else {}
    return where | {"lines": list(lines)} | more


def tier_rates(fact: Fact) -> list[Line]:
    """The tiers of the catalogue, and nothing else: what no tier names has no price."""
    pricing = fact.pricing
    return [rate(pricing["unit"], tier["price_usd"], tier["when"]) for tier in pricing["tiers"]]


def published_rates(fact: Fact) -> list[Line]:
    """The tiers of the catalogue, then its general price where no tier says everything."""
    pricing, rates = fact.pricing, tier_rates(fact)
    if not rates or (pricing.get("no_match") != "unknown" and not _covered(fact)):
        rates.append(rate(pricing["unit"], pricing["price_usd"]))
    return rates


def published_multipliers(fact: Fact) -> list[Line]:
    """The factors of the catalogue."""
    return [
        {"by": {"param": item["by"]}} if "by" in item else item
        for item in fact.pricing.get("multipliers", ())
    ]


def metered(fact: Fact, unit: str) -> str | None:
    """The metric of a finished Replicate run that is the billed quantity."""
    if fact.provider != "replicate" or (unit, fact.category) == ("request", "text-to-speech"):
        return None
    return METERED.get((fact.data["output_type"], unit))


def _covered(fact: Fact) -> bool:
    """Whether the tiers of one input name every value that it may have."""
    tiers = [tier["when"] for tier in fact.pricing["tiers"]]
    keys = {key for when in tiers for key in when}
    if any(key.startswith("@") for key in keys):
        return True
    return all(_names_all(fact.params[key], [when.get(key) for when in tiers]) for key in keys)


def _names_all(param: dict[str, Any], values: list[Any]) -> bool:
    flat = [item for value in values for item in (value if isinstance(value, list) else [value])]
    if param["type"] == "boolean":
        return {True, False} <= {item for item in flat if isinstance(item, bool)}
    if param["enum"]:
        return {str(choice) for choice in param["enum"]} <= {str(item) for item in flat}
    return "present" in flat and None in flat
